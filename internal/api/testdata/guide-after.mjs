// Drives what the guide has set up: its first example runs by itself, its app waits for a file.
await elements.fileInput.listeners.change({ target: elements.fileInput });
for (const end = Date.now() + 30_000; seen.results.length < 2 && seen.errors.length === 0 && Date.now() < end;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
}
if (seen.results.length > 0) displayResultCard(seen.results[0]);
updateProgressBar(0.6);
seen.card = elements['result-container']?.innerHTML;
seen.width = elements['progress-bar'].style.width;
process.stdout.write(JSON.stringify(seen), () => process.exit(0));

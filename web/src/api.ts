// The HTTP half of the contract: sending a photo and asking for a task.
import { fromBrokenUpload, fromResponse, silence } from './problem';
import type { Event } from './state';
import { parseObject, type Envelope, type TaskData } from './wire';

/** Seconds without a word from the server after which the page gives up, as the guide asks. */
export const GIVE_UP_S = 30;

const POLL_TIMEOUT_MS = 5_000;

/**
 * Sends a photo; reports `sent` as it goes and ends with `accepted` or `failed`. Returns a function
 * that cancels. XMLHttpRequest, because fetch does not tell how much has been sent.
 */
export function upload(file: File, report: (event: Event) => void): () => void {
  const form = new FormData();
  form.append('image', file);
  const request = new XMLHttpRequest();
  let silentS = 0;
  const stall = setInterval(() => {
    if (++silentS < GIVE_UP_S) return;
    cancel();
    report({ type: 'failed', problem: silence('upload') });
  }, 1000);
  const cancel = () => {
    clearInterval(stall);
    request.abort();
  };
  request.upload.onprogress = (event) => {
    silentS = 0;
    if (event.lengthComputable) report({ type: 'sent', fraction: event.loaded / event.total });
  };
  request.onload = () => {
    clearInterval(stall);
    report(answer(request));
  };
  request.onerror = () => {
    clearInterval(stall);
    report({ type: 'failed', problem: fromBrokenUpload(file.size) });
  };
  request.open('POST', '/mlserver/api/upload/');
  request.send(form);
  return cancel;
}

function answer(request: XMLHttpRequest): Event {
  const { status, responseText } = request;
  if (status === 200) {
    const data = parseObject(responseText)?.data as { task_id?: unknown } | undefined;
    if (typeof data?.task_id === 'string') return { type: 'accepted', taskId: data.task_id };
  }
  return { type: 'failed', problem: fromResponse(status, responseText, request.getResponseHeader('Retry-After')) };
}

/** Asks once how a task stands: its data, `unknown` (404), or null when there was no usable answer. */
export async function fetchTask(taskId: string): Promise<TaskData | 'unknown' | null> {
  try {
    const response = await fetch(`/mlserver/api/tasks/${taskId}/`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    });
    if (response.status === 404) return 'unknown';
    const body = (await response.json()) as Envelope<TaskData>;
    return body.success ? body.data : null;
  } catch {
    return null;
  }
}

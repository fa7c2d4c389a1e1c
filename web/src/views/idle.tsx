import { Heading } from './heading';
import { ScaleLine, type ShownScale } from './scale';

interface IdleViewProps {
  scale: ShownScale;
  onChoose: (file: File) => void;
}

/** The first view: what this is, and two ways to a photo. */
export function IdleView({ scale, onChoose }: IdleViewProps) {
  return (
    <>
      <Tray />
      <div class="invite">
        <Heading text="이 음식, 몇 그램일까요?" />
        <p class="lead">사진 한 장이면 어떤 음식이 얼마나 담겼는지 알려 드립니다.</p>
        <div class="actions">
          <PhotoInput label="사진 찍기" primary capture onChoose={onChoose} />
          <PhotoInput label="사진 고르기" onChoose={onChoose} />
        </div>
        <p class="hint">동전을 음식 옆에 두고 위에서 찍으면 더 정확합니다.</p>
        <ScaleLine scale={scale} />
      </div>
    </>
  );
}

interface PhotoInputProps {
  label: string;
  primary?: boolean;
  /** Asks a phone for its camera; elsewhere it opens the files like the other button. */
  capture?: boolean;
  onChoose: (file: File) => void;
}

function PhotoInput({ label, primary, capture, onChoose }: PhotoInputProps) {
  const changed = (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = ''; // so that the same file can be chosen again
    if (file) onChoose(file);
  };
  return (
    <label class={primary ? 'button primary' : 'button'}>
      <input
        class="visually-hidden"
        type="file"
        accept="image/jpeg,image/png"
        capture={capture ? 'environment' : undefined}
        onChange={(event) => changed(event.currentTarget)}
      />
      {label}
    </label>
  );
}

/** A plate with food and a coin beside it: what a good photo looks like. */
function Tray() {
  return (
    <svg class="tray" viewBox="0 0 320 240" aria-hidden="true">
      <rect x="8" y="14" width="304" height="212" rx="28" class="tray-board" />
      <circle cx="140" cy="120" r="88" class="tray-plate" />
      <circle cx="140" cy="120" r="66" class="tray-well" />
      <path class="tray-food" d="M92 128c-4-34 22-58 50-54 30 3 52 22 47 52-4 28-28 44-52 42-26-2-42-16-45-40z" />
      <path class="tray-outline" d="M84 130c-6-42 26-70 59-65 36 4 60 27 54 63-5 33-33 52-61 50-31-2-48-20-52-48z" />
      <circle cx="268" cy="176" r="22" class="tray-coin" />
      <circle cx="268" cy="176" r="15" class="tray-coin-rim" />
    </svg>
  );
}

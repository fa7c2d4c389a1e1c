import type { Working } from '../state';
import { Heading } from './heading';
import { Preview } from './photo';
import { ScaleLine, type ShownScale } from './scale';

interface WorkingViewProps {
  state: Working;
  scale: ShownScale;
  onCancel: () => void;
}

/** The photo while it is sent and analysed, with how far that is. */
export function WorkingView({ state, scale, onCancel }: WorkingViewProps) {
  const percent = Math.round(state.progress * 100);
  const message = state.linked ? state.message : '서버와 다시 연결하는 중입니다…';
  return (
    <>
      <Preview url={state.photo.url} />
      <div class="steps">
        <Heading text="음식을 살펴보고 있습니다" />
        <div
          class="progress"
          role="progressbar"
          aria-label="진행률"
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={percent}
        >
          <div class="progress-fill" style={{ width: `${percent}%` }} />
        </div>
        <p class="message">{message}</p>
        <button type="button" class="button" onClick={onCancel}>
          취소
        </button>
        <ScaleLine scale={scale} />
      </div>
    </>
  );
}

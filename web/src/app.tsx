// Joins the state machine to its effects (sending, watching) and picks the view of each phase.
import { useEffect, useReducer } from 'preact/hooks';
import { upload } from './api';
import { grams } from './format';
import { idle, next, type Event, type State } from './state';
import { DoneView } from './views/done';
import { IdleView } from './views/idle';
import { ProblemView } from './views/problem';
import { useScale } from './views/scale';
import { WorkingView } from './views/working';
import { watch } from './watch';

export function App() {
  const [state, report] = useReducer(next, idle);
  const scale = useScale();
  useWork(state, report);
  usePhotoRelease(state);

  const choose = (file: File) => report({ type: 'chosen', photo: { file, url: URL.createObjectURL(file) } });
  const reset = () => report({ type: 'reset' });
  return (
    <>
      <header class="bar">
        <p class="brand">음식 무게 재기</p>
        {state.phase === 'done' && (
          <button type="button" class="button compact" onClick={reset}>
            새 사진
          </button>
        )}
      </header>
      <main class={state.phase}>
        {state.phase === 'idle' && <IdleView scale={scale} onChoose={choose} />}
        {state.phase === 'working' && <WorkingView state={state} scale={scale} onCancel={reset} />}
        {state.phase === 'done' && <DoneView photoURL={state.photo.url} result={state.result} message={state.message} />}
        {state.phase === 'problem' && (
          <ProblemView
            key={state.attempt}
            photoURL={state.photo.url}
            problem={state.problem}
            onRetry={() => report({ type: 'retry' })}
            onReset={reset}
          />
        )}
      </main>
      <p class="visually-hidden" role="status">
        {announcement(state)}
      </p>
    </>
  );
}

/** Sends the photo, then watches its task; leaving the phase or trying again cancels what runs. */
function useWork(state: State, report: (event: Event) => void) {
  const working = state.phase === 'working' ? state : null;
  useEffect(() => {
    if (!working) return;
    return working.taskId === null ? upload(working.photo.file, report) : watch(working.taskId, report);
  }, [working?.photo, working?.attempt, working?.taskId]);
}

/** Gives a photo's memory back once another one, or none, is shown. */
function usePhotoRelease(state: State) {
  const url = state.phase === 'idle' ? null : state.photo.url;
  useEffect(() => {
    if (url) return () => URL.revokeObjectURL(url);
  }, [url]);
}

/** What a screen reader says; problems announce themselves as alerts. */
function announcement(state: State): string {
  if (state.phase === 'working') return state.message;
  if (state.phase !== 'done') return '';
  const { foods, total_mass_g } = state.result.mass_estimation;
  return foods.length === 0 ? state.message : `음식 ${foods.length}가지, 모두 ${grams(total_mass_g)}입니다.`;
}

// The page's state machine: pure, so that every way through it can be tested without a browser.
//
//   idle ─chosen→ working ─completed→ done
//                   ↑  └──failed──→ problem
//                   └────retry─────────┘        reset: from anywhere back to idle
import type { Problem } from './problem';
import type { Result } from './wire';

/** A chosen photo and the object URL under which the page shows it. */
export interface Photo {
  file: File;
  url: string;
}

export interface Working {
  phase: 'working';
  photo: Photo;
  /** Counts tries, so that a retry is told from the try before it. */
  attempt: number;
  /** Null while the photo is being sent. */
  taskId: string | null;
  /** In [0,1], sending included; never goes back. */
  progress: number;
  message: string;
  /** False while the server cannot be heard. */
  linked: boolean;
}

export type State =
  | { phase: 'idle' }
  | Working
  | { phase: 'done'; photo: Photo; result: Result; message: string }
  | { phase: 'problem'; photo: Photo; attempt: number; taskId: string | null; problem: Problem };

export type Event =
  | { type: 'chosen'; photo: Photo }
  | { type: 'sent'; fraction: number }
  | { type: 'accepted'; taskId: string }
  | { type: 'updated'; progress: number; message: string }
  | { type: 'linked'; linked: boolean }
  | { type: 'completed'; result: Result; message: string }
  | { type: 'failed'; problem: Problem }
  | { type: 'retry' }
  | { type: 'reset' };

/** Share of the progress bar that sending takes; the analysis fills the rest. */
const SENDING_SHARE = 0.25;

const SENDING = '사진을 보내는 중입니다…';
const WAITING = '분석을 기다리는 중입니다…';

export const idle: State = { phase: 'idle' };

/** The state after an event. An event that has no meaning in a state changes nothing. */
export function next(state: State, event: Event): State {
  if (event.type === 'reset') return idle;
  if (event.type === 'chosen') return start(event.photo, 1, null);
  if (event.type === 'retry') return state.phase === 'problem' ? again(state) : state;
  return state.phase === 'working' ? work(state, event) : state;
}

function start(photo: Photo, attempt: number, taskId: string | null): Working {
  const sent = taskId !== null;
  return {
    phase: 'working',
    photo,
    attempt,
    taskId,
    progress: sent ? SENDING_SHARE : 0,
    message: sent ? WAITING : SENDING,
    linked: true,
  };
}

function again(state: State & { phase: 'problem' }): State {
  if (state.problem.retry === 'none') return state;
  const taskId = state.problem.retry === 'watch' ? state.taskId : null;
  return start(state.photo, state.attempt + 1, taskId);
}

function work(state: Working, event: Exclude<Event, { type: 'reset' | 'chosen' | 'retry' }>): State {
  const { photo, attempt, taskId } = state;
  switch (event.type) {
    case 'sent':
      return { ...state, progress: forward(state, SENDING_SHARE * event.fraction) };
    case 'accepted':
      return { ...state, taskId: event.taskId, progress: forward(state, SENDING_SHARE), message: WAITING };
    case 'updated': {
      const progress = forward(state, SENDING_SHARE + (1 - SENDING_SHARE) * event.progress);
      return { ...state, progress, message: event.message, linked: true };
    }
    case 'linked':
      return state.linked === event.linked ? state : { ...state, linked: event.linked };
    case 'completed':
      return { phase: 'done', photo, result: event.result, message: event.message };
    case 'failed':
      return { phase: 'problem', photo, attempt, taskId, problem: event.problem };
  }
}

function forward(state: Working, progress: number): number {
  return Math.max(state.progress, Math.min(progress, 1));
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silence, type Problem } from '../src/problem';
import { idle, next, type Event, type Photo, type State } from '../src/state';
import type { Result } from '../src/wire';

const photo = { file: new Blob(['photo']) as File, url: 'blob:1' };
const result = { mass_estimation: { foods: [], total_mass_g: 0 } } as unknown as Result;
const busy: Problem = { kind: 'busy', detail: '지금 요청이 많습니다.', retry: 'upload', retryAfterS: 3 };
const rejected: Problem = { kind: 'rejected', detail: '빈 파일입니다.', retry: 'none' };

const chosen: Event = { type: 'chosen', photo };
const accepted: Event = { type: 'accepted', taskId: 'a1' };
const updated = (progress: number): Event => ({ type: 'updated', progress, message: `${progress}` });
const completed: Event = { type: 'completed', result, message: '끝' };
const failed = (problem: Problem): Event => ({ type: 'failed', problem });

function after(...events: Event[]): State {
  return events.reduce(next, idle);
}

function working(state: State) {
  assert.ok(state.phase === 'working', `phase is ${state.phase}`);
  return state;
}

describe('a photo that goes well', () => {
  it('is sent first', () => {
    const state = working(after(chosen));
    assert.equal(state.taskId, null);
    assert.equal(state.progress, 0);
  });
  it('is watched once the server accepted it', () => {
    assert.equal(working(after(chosen, accepted)).taskId, 'a1');
  });
  it('shows the message of the last update', () => {
    assert.equal(working(after(chosen, accepted, updated(0.2), updated(0.6))).message, '0.6');
  });
  it('ends with its result', () => {
    assert.deepEqual(after(chosen, accepted, completed), { phase: 'done', photo, result, message: '끝' });
  });
});

describe('the progress bar', () => {
  it('advances from sending to analysis and never goes back', () => {
    const events: Event[] = [
      chosen,
      { type: 'sent', fraction: 0.5 },
      { type: 'sent', fraction: 1 },
      accepted,
      updated(0),
      updated(0.4),
      updated(0.1),
      updated(0.99),
    ];
    let state = idle;
    let last = 0;
    for (const event of events) {
      state = next(state, event);
      const { progress } = working(state);
      assert.ok(progress >= last && progress <= 1, `${last} then ${progress}`);
      last = progress;
    }
    assert.ok(last > 0.9);
  });
});

describe('a lost connection', () => {
  const lost: Event = { type: 'linked', linked: false };
  it('is shown, and forgotten with the next word from the server', () => {
    assert.equal(working(after(chosen, accepted, lost)).linked, false);
    assert.equal(working(after(chosen, accepted, lost, updated(0.3))).linked, true);
  });
});

describe('trying again', () => {
  it('sends the photo anew after a refused upload', () => {
    const state = working(after(chosen, failed(busy), { type: 'retry' }));
    assert.equal(state.taskId, null);
    assert.equal(state.photo, photo);
    assert.equal(state.attempt, 2);
  });
  it('goes on watching the same task after silence', () => {
    assert.equal(working(after(chosen, accepted, failed(silence('watch')), { type: 'retry' })).taskId, 'a1');
  });
  it('sends a failed task anew instead of watching it', () => {
    const problem: Problem = { kind: 'failed', detail: '오류', retry: 'upload' };
    assert.equal(working(after(chosen, accepted, failed(problem), { type: 'retry' })).taskId, null);
  });
  it('is not offered for a photo that was refused for what it is', () => {
    assert.equal(after(chosen, failed(rejected), { type: 'retry' }).phase, 'problem');
  });
});

describe('words that come too late', () => {
  const late: Event[] = [accepted, updated(0.9), completed, failed(busy), { type: 'sent', fraction: 1 }, { type: 'retry' }];
  it('change nothing once the diner went back', () => {
    for (const event of late) assert.equal(next(idle, event), idle);
  });
  it('change nothing once there is a result', () => {
    const done = after(chosen, accepted, completed);
    for (const event of late) assert.equal(next(done, event), done);
  });
});

describe('a new photo', () => {
  const other: Photo = { ...photo, url: 'blob:2' };
  it('starts afresh from every phase', () => {
    for (const state of [idle, after(chosen, accepted), after(chosen, completed), after(chosen, failed(rejected))]) {
      const fresh = working(next(state, { type: 'chosen', photo: other }));
      assert.deepEqual([fresh.photo, fresh.taskId, fresh.progress], [other, null, 0]);
    }
  });
  it('is asked for after reset', () => {
    assert.equal(next(after(chosen, accepted), { type: 'reset' }), idle);
  });
});

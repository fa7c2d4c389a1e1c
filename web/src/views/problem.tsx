import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../problem';
import { Heading } from './heading';
import { Preview } from './photo';

interface ProblemViewProps {
  photoURL: string;
  problem: Problem;
  onRetry: () => void;
  onReset: () => void;
}

const TITLES: Record<Problem['kind'], string> = {
  rejected: '이 사진은 쓸 수 없습니다',
  busy: '지금은 조금 바쁩니다',
  offline: '서버에 연결할 수 없습니다',
  silent: '서버가 응답하지 않습니다',
  failed: '분석하지 못했습니다',
  server: '잠시 문제가 생겼습니다',
};

/** What went wrong, in the diner's words, and the one thing that helps next. */
export function ProblemView({ photoURL, problem, onRetry, onReset }: ProblemViewProps) {
  const leftS = useCountdown(problem.retryAfterS, onRetry);
  const canRetry = problem.retry !== 'none';
  return (
    <>
      <Preview url={photoURL} />
      <div class="trouble" role="alert">
        <Heading text={TITLES[problem.kind]} />
        <p class="lead">{problem.detail}</p>
        {problem.retryAfterS && <p class="visually-hidden">{problem.retryAfterS}초 뒤에 다시 시도합니다.</p>}
        {leftS !== null && (
          <p class="countdown" aria-hidden="true">
            <strong>{leftS}</strong>초 뒤에 다시 시도합니다
          </p>
        )}
        <div class="actions">
          {canRetry && (
            <button type="button" class="button primary" onClick={onRetry}>
              다시 시도
            </button>
          )}
          <button type="button" class={canRetry ? 'button' : 'button primary'} onClick={onReset}>
            다른 사진
          </button>
        </div>
      </div>
    </>
  );
}

/** Counts the seconds the server asked for down, then calls onEnd; null when it asked for none. */
function useCountdown(seconds: number | undefined, onEnd: () => void): number | null {
  const [left, setLeft] = useState(seconds ?? null);
  useEffect(() => {
    if (left === null) return;
    if (left === 0) return onEnd();
    const timer = setTimeout(() => setLeft(left - 1), 1000);
    return () => clearTimeout(timer);
  }, [left]);
  return left;
}

// What can go wrong, as the diner meets it: which kind, the Korean sentence, and what helps next.
import { parseObject } from './wire';

export interface Problem {
  kind: 'rejected' | 'busy' | 'offline' | 'silent' | 'failed' | 'server';
  /** Korean, for the diner. */
  detail: string;
  /** What trying again means: nothing (another photo helps), upload again, or go on waiting. */
  retry: 'none' | 'upload' | 'watch';
  /** Seconds until trying again makes sense, as the server asked. */
  retryAfterS?: number;
}

/** The documented limit of an upload. */
const MAX_BYTES = 10_000_000;
const RETRY_AFTER_DEFAULT_S = 5;
const RETRY_AFTER_MAX_S = 600;

/** The problem behind an HTTP answer to an upload that is not 200. */
export function fromResponse(status: number, body: string, retryAfter: string | null): Problem {
  const error = parseObject(body)?.error;
  const said = typeof error === 'string' && error !== '' ? error : null;
  if (status === 503) {
    return {
      kind: 'busy',
      detail: said ?? '지금 요청이 많습니다.',
      retry: 'upload',
      retryAfterS: retryAfterSeconds(retryAfter),
    };
  }
  if (status === 408) return { kind: 'offline', detail: said ?? '사진 전송이 너무 오래 걸렸습니다.', retry: 'upload' };
  if (status === 413) return { kind: 'rejected', detail: said ?? TOO_LARGE, retry: 'none' };
  if (status >= 400 && status < 500) {
    return { kind: 'rejected', detail: said ?? '이 사진은 받을 수 없습니다.', retry: 'none' };
  }
  return { kind: 'server', detail: said ?? '서버에 문제가 생겼습니다.', retry: 'upload' };
}

const TOO_LARGE = '사진이 너무 큽니다. 10MB 이하의 사진을 올려 주세요.';

/**
 * The problem behind an upload whose connection broke. A server that refuses an oversized photo
 * early closes the connection, which a browser reports as a broken one: the size tells them apart.
 */
export function fromBrokenUpload(bytes: number): Problem {
  if (bytes > MAX_BYTES) return { kind: 'rejected', detail: TOO_LARGE, retry: 'none' };
  return {
    kind: 'offline',
    detail: '와이파이 연결을 확인한 뒤 다시 시도해 주세요.',
    retry: 'upload',
  };
}

/** Nothing was heard for 30 s; retry tells what was being waited for. */
export function silence(retry: 'upload' | 'watch'): Problem {
  return {
    kind: 'silent',
    detail: '30초 동안 서버의 응답이 없었습니다. 연결을 확인한 뒤 다시 시도해 주세요.',
    retry,
  };
}

/** The task itself failed: the same photo may be sent once more, as a new task. */
export function fromFailedTask(error: string): Problem {
  return { kind: 'failed', detail: error || '이미지 처리 중 오류가 발생했습니다.', retry: 'upload' };
}

/** Seconds of a Retry-After header, which is a number or an HTTP date. */
export function retryAfterSeconds(header: string | null, nowMS = Date.now()): number {
  if (header === null || header.trim() === '') return RETRY_AFTER_DEFAULT_S;
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - nowMS) / 1000;
  if (Number.isNaN(seconds)) return RETRY_AFTER_DEFAULT_S;
  return Math.min(Math.max(Math.ceil(seconds), 1), RETRY_AFTER_MAX_S);
}

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromBrokenUpload, fromResponse, retryAfterSeconds } from '../src/problem';

const envelope = (error: string) => JSON.stringify({ success: false, error, code: 'some_code' });

describe('an answer that is not 200', () => {
  const cases: [what: string, status: number, body: string, kind: string, retry: string, detail: RegExp][] = [
    ['says why a photo is refused', 400, envelope('빈 파일입니다.'), 'rejected', 'none', /^빈 파일입니다\.$/],
    ['offers another try when busy', 503, envelope('지금 요청이 많습니다.'), 'busy', 'upload', /많습니다/],
    ['hides a proxy’s page', 502, '<html>Bad Gateway</html>', 'server', 'upload', /서버에 문제/],
    ['survives an empty body', 500, '', 'server', 'upload', /서버에 문제/],
    ['survives JSON that is no envelope', 400, '[1]', 'rejected', 'none', /받을 수 없습니다/],
    ['knows a proxy’s size limit', 413, 'too large', 'rejected', 'none', /10MB/],
    ['offers another try after a slow upload', 408, envelope('너무 오래 걸렸습니다.'), 'offline', 'upload', /오래/],
  ];
  for (const [what, status, body, kind, retry, detail] of cases) {
    it(what, () => {
      const problem = fromResponse(status, body, null);
      assert.equal(problem.kind, kind);
      assert.equal(problem.retry, retry);
      assert.match(problem.detail, detail);
    });
  }
});

describe('a broken upload', () => {
  it('of an ordinary photo is a matter of the network', () => {
    assert.equal(fromBrokenUpload(3_000_000).kind, 'offline');
  });
  it('of a photo over the limit is a matter of its size', () => {
    assert.equal(fromBrokenUpload(11_000_000).kind, 'rejected');
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const cases: [header: string | null, seconds: number][] = [
    ['12', 12],
    ['0', 1],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30],
    ['Thu, 01 Jan 2026 00:00:00 GMT', 1],
    ['soon', 5],
    ['', 5],
    [null, 5],
    ['99999', 600],
  ];
  for (const [header, seconds] of cases) {
    it(`${JSON.stringify(header)} means ${seconds} s`, () => assert.equal(retryAfterSeconds(header, now), seconds));
  }
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { scaleOf } from '../src/counter';
import { scaleText } from '../src/scale-text';

describe('the scale’s line', () => {
  const cable = '저울 연결을 확인해 주세요.';
  const heavy = '너무 무겁습니다. 저울에서 내려 주세요.';
  const cases: [state: string, netG: number | null, text: string, trouble?: boolean][] = [
    ['stable', 412.5, '저울 412.5 g'],
    ['stable', 287, '저울 287.0 g'],
    ['stable', 0, '저울 0.0 g'],
    ['stable', -3.2, '저울 -3.2 g'],
    ['stable', 1234.5, '저울 1,234.5 g'],
    ['settling', null, '저울 … 안정되는 중'],
    ['settling', 0, '저울 0.0 g 안정되는 중'],
    ['starting', null, '저울을 준비하는 중입니다.'],
    ['unplugged', null, cable, true],
    ['timeout', null, cable, true],
    ['glitched', null, cable, true],
    ['faulty', null, cable, true],
    ['saturated', null, heavy, true],
    ['overload', null, heavy, true],
    ['stuck', null, '저울이 응답하지 않습니다. 직원에게 알려 주세요.', true],
    ['reversed', null, '저울 영점을 다시 맞춰야 합니다. 직원에게 알려 주세요.', true],
    ['uncalibrated', null, '저울 교정이 필요합니다. 직원에게 알려 주세요.', true],
  ];
  for (const [state, net_g, text, trouble = false] of cases) {
    it(`says "${text}" for ${state}`, () => {
      const line = scaleText({ state, net_g });
      assert.deepEqual({ ...line, text: line.text.replaceAll('\u00a0', ' ') }, { text, trouble });
    });
  }
});

describe('the scale in a counter’s state', () => {
  it('is its state and its grams', () => {
    assert.deepEqual(scaleOf({ scale: { state: 'stable', net_g: 412.5 } }), { state: 'stable', net_g: 412.5 });
    assert.deepEqual(scaleOf({ scale: { state: 'settling', net_g: null } }), { state: 'settling', net_g: null });
  });
  it('is none where there is none, or nothing that could be one', () => {
    for (const counter of [{ scale: null }, {}, null, undefined, 'scale', { scale: 7 }, { scale: { net_g: 5 } }, { scale: { state: 1 } }]) {
      assert.equal(scaleOf(counter), null);
    }
  });
  it('has no grams that are no number', () => {
    for (const net_g of ['412', undefined, Infinity, {}]) {
      assert.deepEqual(scaleOf({ scale: { state: 'stable', net_g } }), { state: 'stable', net_g: null });
    }
  });
});

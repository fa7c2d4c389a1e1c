import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { confidence, grams, interval, scaleSentence } from '../src/format';
import { labelPoint, polygon } from '../src/outline';
import type { Result } from '../src/wire';

const plain = (text: string) => text.replaceAll('\u00a0', ' ');

describe('figures', () => {
  it('show whole grams, tenths only where they mean something', () => {
    assert.deepEqual([0.1, 7.44, 9.9, 10.4, 152.5, 12345.6].map(grams).map(plain), [
      '0.1 g', '7.4 g', '9.9 g', '10 g', '153 g', '12,346 g',
    ]);
  });
  it('show both ends of an interval alike', () => {
    assert.equal(plain(interval([6.1, 8.8])), '6.1–8.8 g');
    assert.equal(plain(interval([8.6, 12.4])), '9–12 g');
  });
  it('put confidence into words', () => {
    assert.deepEqual([0.92, 0.8, 0.79, 0.2].map(confidence), [
      '정확도 높음 92%', '정확도 높음 80%', '정확도 보통 79%', '정확도 낮음 20%',
    ]);
  });
});

describe('the scale sentence', () => {
  const result = (change: object) =>
    ({
      mass_estimation: { foods: [{ verification_method: 'reference_scaled' }] },
      references: [{ kind: 'coin', size_mm: 26.5 }],
      scale_source: 'coin',
      scale_reading_g: null,
      ...change,
    }) as unknown as Result;

  it('names the reference and its size', () => {
    assert.equal(plain(scaleSentence(result({}))), '기준: 동전 26.5 mm');
  });
  it('does without a size where the source has none', () => {
    assert.equal(scaleSentence(result({ scale_source: 'calibrated_camera' })), '기준: 보정된 카메라');
  });
  it('names the load cell only when its reading was used', () => {
    const foods = [{ verification_method: 'scale_verification' }];
    const used = result({ scale_reading_g: 480.2, mass_estimation: { foods } });
    assert.equal(plain(scaleSentence(used)), '기준: 동전 26.5 mm · 저울 480 g');
    assert.equal(plain(scaleSentence(result({ scale_reading_g: 480.2 }))), '기준: 동전 26.5 mm');
  });
});

describe('a label', () => {
  const bbox = { x: 10, y: 20, width: 40, height: 60 };
  it('sits in the middle of the outline’s area, whichever way round it runs', () => {
    const outline: [number, number][] = [[0, 0], [40, 0], [40, 20], [0, 20]];
    assert.deepEqual(labelPoint({ outline, bbox }), [20, 10]);
    assert.deepEqual(labelPoint({ outline: [...outline].reverse(), bbox }), [20, 10]);
  });
  it('sits in the middle of the box without an outline', () => {
    assert.deepEqual(labelPoint({ outline: [], bbox }), [30, 50]);
    assert.equal(polygon({ outline: [], bbox }), '10,20 50,20 50,80 10,80');
  });
});

// Figures and wire values as Korean text.
import type { IntervalG, Result } from './wire';

const whole = new Intl.NumberFormat('ko-KR', { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat('ko-KR', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Below this a gram is a noticeable share, so tenths are shown; above they would be invented. */
const TENTHS_BELOW_G = 10;

function figure(massG: number, scaleG = massG): string {
  return (scaleG < TENTHS_BELOW_G ? tenths : whole).format(massG);
}

/** "152 g", "7.4 g", "12,345 g"; the space does not break. */
export function grams(massG: number): string {
  return `${figure(massG)}\u00a0g`;
}

/** "412.5 g": a scale's reading, always with its tenths. */
export function scaleGrams(massG: number): string {
  return `${tenths.format(massG)}\u00a0g`;
}

/** "130–175 g", both ends as fine as the upper one. */
export function interval([lowG, highG]: IntervalG): string {
  return `${figure(lowG, highG)}–${figure(highG)}\u00a0g`;
}

export type Trust = 'high' | 'middle' | 'low';

export function trust(confidence: number): Trust {
  if (confidence >= 0.8) return 'high';
  return confidence >= 0.5 ? 'middle' : 'low';
}

const TRUST_WORDS: Record<Trust, string> = {
  high: '정확도 높음',
  middle: '정확도 보통',
  low: '정확도 낮음',
};

/** "정확도 높음 92%". */
export function confidence(value: number): string {
  return `${TRUST_WORDS[trust(value)]} ${Math.round(value * 100)}%`;
}

const REFERENCES: Record<string, string> = {
  calibrated_camera: '보정된 카메라',
  qr_card: '기준 카드',
  coin: '동전',
  plate: '접시',
};

/** Korean name of a reference object or scale source. */
export function referenceName(kind: string): string {
  return REFERENCES[kind] ?? '기준 물체';
}

/** What the sizes were measured against: "기준: 동전 25 mm · 저울 480 g". */
export function scaleSentence(result: Result): string {
  const source = result.scale_source;
  const sizeMM = result.references.find((reference) => reference.kind === source)?.size_mm;
  const size = sizeMM ? ` ${Math.round(sizeMM * 10) / 10}\u00a0mm` : '';
  const weighed = result.mass_estimation.foods.some((food) => food.verification_method === 'scale_verification');
  const scale = weighed && result.scale_reading_g !== null ? ` · 저울 ${grams(result.scale_reading_g)}` : '';
  return `기준: ${referenceName(source)}${size}${scale}`;
}

// Made-up results for looking at the layout: what a photo of 816×612 (or 612×816) could give.
import type { Food, Result } from '../src/wire';

const DISHES: [name: string, massG: number, confidence: number][] = [
  ['돼지고기김치찌개와 두부', 12345.6, 0.92],
  ['쌀밥', 208.4, 0.86],
  ['깍두기', 7.4, 0.42],
  ['매콤달콤한 궁중떡볶이와 삶은 달걀', 318.2, 0.67],
  ['시금치나물', 38.5, 0.71],
  ['미등록 음식', 95.1, 0.18],
  ['계란말이', 64, 0.83],
  ['귤', 88.8, 0.95],
];

/** A result with the first `count` dishes in two rows, on an upright or a landscape photo. */
export function result(count: number, { portrait = false, scaled = true } = {}): Result {
  const image = portrait ? { width: 612, height: 816 } : { width: 816, height: 612 };
  const columns = Math.max(1, Math.ceil(count / 2));
  const step = (image.width - 60) / columns;
  const foods = DISHES.slice(0, count).map(([name, massG, confidence], i): Food => {
    const [x, y] = [40 + (i % columns) * step, 60 + Math.floor(i / columns) * 250];
    return food(name, massG, confidence, { x, y, size: Math.min(step - 20, 220) }, scaled);
  });
  const totalG = foods.reduce((sum, { estimated_mass_g }) => sum + estimated_mass_g, 0);
  return {
    mass_estimation: { foods, total_mass_g: totalG, total_interval_g: [totalG * 0.88, totalG * 1.13] },
    references: scaled
      ? [{ kind: 'coin', bbox: { x: 30, y: image.height - 90, width: 56, height: 54 }, size_mm: 25, confidence: 0.97 }]
      : [],
    scale_source: scaled ? 'coin' : 'none',
    scale_reading_g: null,
    image,
  };
}

function food(name: string, massG: number, confidence: number, at: { x: number; y: number; size: number }, scaled: boolean): Food {
  const corner = (i: number, radius: number): [number, number] => [
    at.x + at.size / 2 + radius * Math.cos((i * Math.PI) / 12),
    at.y + at.size / 2 + radius * Math.sin((i * Math.PI) / 12),
  ];
  return {
    food_name: name,
    food_key: 'unknown',
    estimated_mass_g: massG,
    mass_interval_g: [massG * 0.82, massG * 1.19],
    confidence,
    verification_method: scaled ? 'reference_scaled' : 'class_prior',
    reasoning: `${name}: 지름 25.0mm 동전을 기준으로 가로 77mm, 세로 74mm, 면적 44.1cm², 부피 약 219cm³로 계산했습니다.`,
    bbox: { x: at.x, y: at.y, width: at.size, height: at.size },
    outline: Array.from({ length: 24 }, (_, i) => corner(i, (at.size / 2) * (i % 2 ? 0.92 : 1))),
    volume_cm3: scaled ? 219 : null,
    area_cm2: scaled ? 44.1 : null,
  };
}

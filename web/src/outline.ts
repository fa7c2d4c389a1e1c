// Where things go on the photo, in its pixels.
import type { Box, Food, Point } from './wire';

/** Centre of a box. */
export function centre(box: Box): Point {
  return [box.x + box.width / 2, box.y + box.height / 2];
}

/** Where a food's label sits: the centre of its outline's area, or of its box without an outline. */
export function labelPoint(food: Pick<Food, 'outline' | 'bbox'>): Point {
  let doubleArea = 0;
  let x = 0;
  let y = 0;
  food.outline.forEach(([x1, y1], i) => {
    const [x2, y2] = food.outline[(i + 1) % food.outline.length]!;
    const cross = x1 * y2 - x2 * y1;
    doubleArea += cross;
    x += (x1 + x2) * cross;
    y += (y1 + y2) * cross;
  });
  if (Math.abs(doubleArea) < 1) return centre(food.bbox);
  return [x / (3 * doubleArea), y / (3 * doubleArea)];
}

/** Points of a polygon for SVG; the box's corners where a food has no outline. */
export function polygon(food: Pick<Food, 'outline' | 'bbox'>): string {
  const { x, y, width, height } = food.bbox;
  const points: Point[] =
    food.outline.length >= 3
      ? food.outline
      : [[x, y], [x + width, y], [x + width, y + height], [x, y + height]];
  return points.map((point) => point.join(',')).join(' ');
}

import { useState } from 'preact/hooks';
import { referenceName } from '../format';
import { centre, labelPoint, polygon } from '../outline';
import type { Point, Reference, Result } from '../wire';

/** The chosen photo before anything is known of it; nothing when the browser cannot show the file. */
export function Preview({ url }: { url: string }) {
  const [shown, setShown] = useState(true);
  return shown ? <img class="preview" src={url} alt="고른 사진" onError={() => setShown(false)} /> : null;
}

/**
 * The photo with everything found drawn on it. The browser turns the photo upright by itself, and
 * the result speaks of upright pixels, so one viewBox fits both.
 */
export function AnnotatedPhoto({ url, result }: { url: string; result: Result }) {
  const { width, height } = result.image;
  const { foods } = result.mass_estimation;
  return (
    <figure class="photo" style={{ '--ratio': width / height }}>
      <img src={url} alt="분석한 사진" />
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {result.references.map((reference) => (
          <ReferenceMark reference={reference} />
        ))}
        {foods.map((food, i) => (
          <g class={colour(i)}>
            <polygon class="halo" points={polygon(food)} />
            <polygon class="line" points={polygon(food)} />
          </g>
        ))}
      </svg>
      {foods.map((food, i) => (
        <span class={`badge on-photo ${colour(i)}`} style={place(labelPoint(food), result)} aria-hidden="true">
          {i + 1}
        </span>
      ))}
      {result.references.map((reference) => (
        <span class="tag" style={place(beside(reference, result), result)}>
          {referenceName(reference.kind)}
        </span>
      ))}
    </figure>
  );
}

/** Class of the i-th food's colour, the same on photo and card. */
export function colour(i: number): string {
  return `colour-${i % 6}`;
}

function ReferenceMark({ reference }: { reference: Reference }) {
  const [cx, cy] = centre(reference.bbox);
  const shape = { cx, cy, rx: reference.bbox.width / 2, ry: reference.bbox.height / 2 };
  return (
    <g class="reference">
      <ellipse class="halo" {...shape} />
      <ellipse class="line" {...shape} />
    </g>
  );
}

/** Where a reference's tag sits: under it, or over it in the lower half of the photo. */
function beside({ bbox }: Reference, { image }: Result): Point {
  const [x, y] = centre(bbox);
  const away = bbox.height / 2 + image.height * 0.04;
  return [x, y < image.height / 2 ? y + away : y - away];
}

function place([x, y]: Point, { image }: Result) {
  return { '--x': `${(100 * x) / image.width}%`, '--y': `${(100 * y) / image.height}%` };
}

import { useEffect, useState } from 'preact/hooks';
import { followScale } from '../counter';
import { scaleText } from '../scale-text';
import type { ScaleReading } from '../wire';

/** Undefined where there is no scale to show, null while the link to it is lost. */
export type ShownScale = ScaleReading | null | undefined;

/** What the scale says, as long as the page is open. */
export function useScale(): ShownScale {
  const [scale, report] = useState<ShownScale>(undefined);
  useEffect(() => followScale(report), []);
  return scale;
}

/** One line with what the scale says. A lost link leaves its place empty, so that nothing around it moves. */
export function ScaleLine({ scale }: { scale: ShownScale }) {
  if (scale === undefined) return null;
  const { text, trouble } = scale ? scaleText(scale) : { text: '', trouble: false };
  return (
    <p class={trouble ? 'scale out-of-order' : 'scale'} aria-live="off">
      {text}
    </p>
  );
}

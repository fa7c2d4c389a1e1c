import { useLayoutEffect, useRef } from 'preact/hooks';

/** A view's heading; takes the focus when its view appears, so that keyboard and screen reader follow. */
export function Heading({ text }: { text: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {text}
    </h1>
  );
}

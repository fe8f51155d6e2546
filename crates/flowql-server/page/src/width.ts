// How wide an element is, as it is resized.
import { useEffect, useRef, useState } from "preact/hooks";

/** What an element takes as its `ref`, and its inner width in pixels; 0 before it is shown. */
export function useWidth() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const resized = new ResizeObserver(() => setWidth(element.clientWidth));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  return [box, width] as const;
}

import { useEffect, useState } from "preact/hooks";

import type { Selection } from "./ask.js";
import { Chart } from "./chart.js";
import type { GraphType } from "./state.js";
import type { Narrow } from "./table.js";
import type { Theme } from "./theme.js";

type Rare = typeof import("./graphs.js");

/** What is selected, as a graph of some type. */
export function Graph(props: {
  type: GraphType;
  selection: Selection;
  theme: Theme;
  zoom: (from: number, to: number) => void;
  narrow: Narrow;
  canNarrow: (column: string, value: string) => boolean;
  /** Graphs of the same name share their cursor. */
  sync?: string;
}) {
  const { type, selection, theme, zoom, narrow, canNarrow, sync } = props;
  const [rare, setRare] = useState<Rare | null>(null);
  const isRare = type === "sankey" || type === "heatmap" || type === "small" || type === "map";
  useEffect(() => {
    if (isRare && rare === null) void import("./graphs.js").then(setRare);
  }, [isRare]);
  if (type === "table") return null;
  if (!isRare) return <Chart selection={selection} kind={type} theme={theme} zoom={zoom} {...(sync === undefined ? {} : { sync })} />;
  if (rare === null) return <p class="faint">drawing …</p>;
  // What they draw has the colours of the theme in it.
  if (type === "small") return <rare.SmallMultiples key={theme} selection={selection} />;
  if (type === "map") return <rare.WorldMap key={theme} selection={selection} narrow={narrow} />;
  return type === "sankey" ? (
    <rare.Sankey key={theme} selection={selection} narrow={narrow} canNarrow={canNarrow} />
  ) : (
    <rare.Heatmap key={theme} selection={selection} zoom={zoom} />
  );
}

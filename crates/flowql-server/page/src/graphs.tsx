/** The graphs that few look at first: loaded when they are asked for. */
export { Heatmap } from "./heatmap.js";
export { WorldMap } from "./map.js";
export { Sankey } from "./sankey.js";
export { SmallMultiples } from "./small.js";

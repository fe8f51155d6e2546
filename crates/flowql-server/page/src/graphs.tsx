/** The graphs that few look at first: loaded when they are asked for. */
export { Heatmap } from "./heatmap.js";
export { Sankey } from "./sankey.js";

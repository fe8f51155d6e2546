/** A server-sent event. */
export interface ServerEvent {
  /** Its name; `message` where it has none. */
  name: string;
  data: string;
}

/** The longest text without the end of an event; what is longer is no stream of events. */
const LONGEST = 4 * 1024 * 1024;

/** Reads server-sent events from a text that comes in pieces, as the HTML standard says, section 9.2.6. */
export class EventReader {
  #rest = "";

  /** Takes a piece; gives the events that end in it. Throws a `RangeError` where one is far too long. */
  push(piece: string): ServerEvent[] {
    const blocks = (this.#rest + piece).split(/\r\n\r\n|\n\n/);
    this.#rest = blocks.pop() ?? "";
    if (this.#rest.length > LONGEST) throw new RangeError("an event is too long");
    return blocks.flatMap((block) => eventOf(block) ?? []);
  }
}

/** The event of the lines of a block; `null` where it has no data, as a comment that keeps a connection open. */
function eventOf(block: string): ServerEvent | null {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n/)) {
    const colon = line.indexOf(":");
    const [field, value] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (field === "data") data.push(value);
    else if (field === "event" && value !== "") name = value;
  }
  return data.length === 0 ? null : { name, data: data.join("\n") };
}

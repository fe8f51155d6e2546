import type { FlowQL } from "@flowql/wasm";

import { ColouredFilter } from "./coloured.js";

/** A filter for a first visitor, with what it asks. */
export interface Example {
  title: string;
  filter: string;
  by: string[];
}

const EXAMPLES: readonly Example[] = [
  // None asks for what only rules set: boundary, connectivity, provider.
  { title: "Who sends, by network", filter: "", by: ["SrcAS"] },
  {
    title: "Who gets the web traffic of Google",
    filter: 'SrcAS = AS15169 AND Proto = "tcp" AND SrcPort IN ("https", "http", 8000-8100)',
    by: ["DstAddr"],
  },
  {
    title: "Amplification: answers of DNS, NTP and memcached",
    filter: 'Proto = "udp" AND SrcPort IN ("domain", "ntp", 11211)',
    by: ["DstAddr", "SrcPort"],
  },
  { title: "Encrypted web traffic, by interface", filter: 'SrcPort = "https"', by: ["InIfName"] },
  { title: "IPv6 that is not QUIC, by exporter", filter: 'EType = IPv6 AND NOT (Proto = "udp" AND SrcPort = 443)', by: ["ExporterName"] },
  { title: "All of it, by country", filter: "", by: ["SrcCountry"] },
];

/** What to start with. */
export function Examples({ language, choose }: { language: FlowQL; choose: (example: Example) => void }) {
  return (
    <section class="examples" aria-label="Examples">
      <h2>Start with one of these, or type</h2>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.title}>
            <button type="button" onClick={() => choose(example)}>
              <strong>{example.title}</strong>
              {example.filter === "" ? <code class="faint">the empty filter</code> : <ColouredFilter language={language} text={example.filter} />}
              <span class="faint">by {example.by.join(" and ")}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

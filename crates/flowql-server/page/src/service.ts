import { useEffect, useState } from "preact/hooks";

import { describeService, lives, outages, Refusal, type Service } from "./api.js";

/** Whether the service runs queries. */
export const hasFlows = (service: Service | null): boolean => service?.queries ?? false;

/** Whether there are tables to run them on. */
export const hasTables = (service: Service | null): boolean => hasFlows(service) && (service?.tables.length ?? 0) > 0;

/** How often a service is looked for that does not answer, and one that does, in milliseconds. */
const SEEK = 1500;
const WATCH = 10_000;

/** What is known of the service. */
export interface Connection {
  /** What it said of itself last; `null` if it never answered. */
  service: Service | null;
  isUp: boolean;
  /** Counts how often it has come back. */
  returns: number;
  /** Asks it anew. */
  refresh: () => Promise<Service | null>;
}

/** The service, watched: it may stop and start while the page is open. */
export function useService(first: Service | Refusal): Connection {
  const [service, setService] = useState(first instanceof Refusal ? null : first);
  const [isUp, setUp] = useState(!(first instanceof Refusal));
  const [returns, setReturns] = useState(0);
  const refresh = async (): Promise<Service | null> => {
    const found = await describeService().catch(() => null);
    if (found) setService(found);
    return found;
  };
  useEffect(() => {
    const lost = () => setUp(false);
    outages.addEventListener("outage", lost);
    return () => outages.removeEventListener("outage", lost);
  }, []);
  useEffect(() => {
    const look = async () => {
      if (document.visibilityState === "hidden") return;
      const isThere = await lives();
      if (isThere === isUp) return;
      if (isThere && (await refresh()) === null) return;
      setUp(isThere);
      if (isThere) setReturns((count) => count + 1);
    };
    const timer = setInterval(() => void look(), isUp ? WATCH : SEEK);
    return () => clearInterval(timer);
  }, [isUp]);
  return { service, isUp, returns, refresh };
}

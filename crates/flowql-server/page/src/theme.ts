import { useEffect, useState } from "preact/hooks";

export type Theme = "light" | "dark";

const KEY = "flowql-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** What the visitor chose, if anything. */
function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    // A browser may forbid it.
    return null;
  }
}

const current = (): Theme => chosen() ?? (system.matches ? "dark" : "light");

/** The theme: the visitor's choice, else the system's; and a function that changes to the other one. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(current);
  document.documentElement.dataset.theme = theme;
  useEffect(() => {
    const follow = () => setTheme(current());
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, []);
  const toggle = () => {
    const other = theme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, other);
    } catch {
      // The choice then lasts as long as the page.
    }
    setTheme(other);
  };
  return [theme, toggle];
}

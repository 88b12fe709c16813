// Repairs as a look writes them, and their strengths by name.

export const REPAIRS = ["dust", "scratches", "flicker", "flicker-local", "weave", "weave-fine"];
const USUAL = 3; // strength of a repair that is only named

/** Strengths by name, and a table's other keys, of a look's `repair`: "dust:2,flicker" or a table. */
export function repairsOf(written) {
  if (!written) return {};
  const pairs = typeof written === "string"
    ? written.split(",").map((part) => part.trim().split(":")).map(([name, strength]) => [name, Number(strength ?? USUAL)])
    : Object.entries(written).map(([name, value]) => [name, value === true ? USUAL : value]);
  return Object.fromEntries(pairs.filter(([, value]) => value));
}

/** A look's `repair` of these; an empty table mends nothing, whatever lies under it. */
export function writtenRepairs(repairs) {
  const names = Object.keys(repairs);
  if (!names.length || names.some((name) => !REPAIRS.includes(name) && name !== "auto")) return repairs;
  return names.map((name) => (name === "auto" ? name : `${name}:${repairs[name]}`)).join(",");
}

/** The `repair` with one of them at another strength; undefined where it is what lies under it anyway. */
export function withRepair(said, under, name, strength) {
  const now = { ...repairsOf(said ?? under) };
  if (name.startsWith("weave")) REPAIRS.filter((each) => each.startsWith("weave")).forEach((each) => delete now[each]);
  if (strength) now[name] = strength;
  else delete now[name];
  const written = writtenRepairs(now);
  return JSON.stringify(written) === JSON.stringify(writtenRepairs(repairsOf(under))) ? undefined : written;
}

// Numbers and times for people.

const UNITS = ["B", "kB", "MB", "GB", "TB"];
let ahead_ms = 0;

/** `12 B`, `3.4 MB`; a dash when unknown. */
export function bytes(count) {
  if (count === null || count === undefined) return "–";
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** `0.4 ms`, `64 ms`, `1.2 s`, `5 min`. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "–";
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(1))} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** The sentinel's clock is the one that times are told by; `header` is the Date of its answer. */
export function setClock(header) {
  const told = Date.parse(header ?? "");
  // The header has whole seconds: a difference below that says nothing.
  if (!Number.isNaN(told)) ahead_ms = Math.abs(Date.now() - told) > 1500 ? Date.now() - told : 0;
}

/** `3 min ago`, `in 2 h`, `now`. */
export function since(iso) {
  const gone = Date.now() - ahead_ms - Date.parse(iso);
  if (Number.isNaN(gone)) return String(iso);
  if (Math.abs(gone) < 1000) return "now";
  const whole = duration(Math.round(Math.abs(gone) / 1000) * 1000);
  return gone > 0 ? `${whole} ago` : `in ${whole}`;
}

/** In the reader's time zone: `12:03:45` today, else with the date. */
export function clock(iso) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return String(iso);
  const pad = (number) => String(number).padStart(2, "0");
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

/** `one`, `1 node`, `3 nodes`. */
export function counted(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

/** Not longer than `most` characters; the middle goes, since the ends tell names apart. */
export function shortened(text, most) {
  if (text.length <= most) return text;
  const head = Math.max(1, Math.ceil((most - 1) / 2));
  const tail = Math.max(0, most - 1 - head);
  return `${text.slice(0, head)}…${tail ? text.slice(-tail) : ""}`;
}

// Asking this sentinel, and nobody else. Errors are problem details (RFC 9457), raised as Problem.

import { setClock } from "./format.js";

const LIMIT_MS = 6000;
const TOKEN = "vedette-token";

/** What the sentinel answered instead. `status` 0: it did not answer at all. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `status ${status}`);
    this.status = status;
    this.kind = String(body.type ?? "").replace("urn:vedette:problem:", "");
    this.candidates = Array.isArray(body.candidates) ? body.candidates : [];
  }
}

export function groupPath(name, rest = "") {
  return `/v1/groups/${encodeURIComponent(name)}${rest}`;
}

export function get(path) {
  return ask("GET", path);
}

/** Also for DELETE. Sends the token that was given in this tab, if any. */
export function change(method, path, body) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token !== null) headers.Authorization = `Bearer ${token}`;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  return ask(method, path, { headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

/** Kept until the tab is closed, and nowhere else. */
export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

export function forgetToken() {
  sessionStorage.removeItem(TOKEN);
}

export function hasToken() {
  return sessionStorage.getItem(TOKEN) !== null;
}

async function ask(method, path, more = {}) {
  let answer;
  let body;
  try {
    answer = await fetch(path, {
      method,
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(LIMIT_MS),
      ...more,
    });
    setClock(answer.headers.get("Date"));
    body = await answer.json();
  } catch (error) {
    throw new Problem(answer?.status ?? 0, {
      detail: answer ? "the answer is no JSON" : "this sentinel does not answer",
    });
  }
  if (!answer.ok) throw new Problem(answer.status, body ?? {});
  return body;
}

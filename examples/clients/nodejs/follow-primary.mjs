// Follows the primary as Vedette's sentinels tell it over HTTP, and talks to it: Node.js 20, nothing else.
//
//   const redis = new PrimaryClient(["http://host-1:8700", "http://host-2:8700"], "mymaster");
//   await redis.command("SET", "key", "value");
//   redis.close();
//
// A long poll waits at a sentinel for the next primary, so that the connection changes over when the primary does,
// mostly before anything has failed. A connection that is lost, or whose node has become a replica, asks the
// sentinels again. The term only grows: an answer with a lower one is older, and is not believed.
//
// A command whose connection is lost before its reply rejects, since it may have been carried out: whoever can
// repeat it does. With ioredis or node-redis, use FollowedPrimary alone and reconnect on "change".

import { EventEmitter, once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const ASK_TIMEOUT_MS = 1000;
const WAIT_S = 30;
const LOOK_AGAIN_MS = 50;
const COMMAND_TIMEOUT_MS = 2000;

/** Who is primary, by the newest answer of any sentinel. Emits "change" with { host, port, term }. */
export class FollowedPrimary extends EventEmitter {
  #sentinels;
  #group;
  #newest = null;
  #closing = new AbortController();

  constructor(sentinels, group) {
    super();
    if (sentinels.length === 0) throw new TypeError("sentinels: name at least one URL");
    this.#sentinels = sentinels;
    this.#group = encodeURIComponent(group);
    this.#follow();
  }

  get newest() {
    return this.#newest;
  }

  /** Asks all sentinels in turn. Rejects with their reasons if none names a primary. */
  async ask() {
    const reasons = [];
    for (const url of this.#sentinels) {
      try {
        return this.#learn(await this.#fetch(url, "", ASK_TIMEOUT_MS));
      } catch (error) {
        reasons.push(`${url}: ${error.message}`);
      }
    }
    throw new Error(`no sentinel names the primary: ${reasons.join("; ")}`);
  }

  close() {
    this.#closing.abort();
  }

  #learn(found) {
    if (this.#newest === null || found.term > this.#newest.term) {
      this.#newest = found;
      this.emit("change", found);
    }
    return this.#newest;
  }

  async #follow() {
    let turn = 0;
    while (!this.#closing.signal.aborted) {
      const url = this.#sentinels[turn % this.#sentinels.length];
      const query = `?after_term=${this.#newest?.term ?? 0}&wait=${WAIT_S}s`;
      try {
        this.#learn(await this.#fetch(url, query, WAIT_S * 1000 + ASK_TIMEOUT_MS));
      } catch {
        turn += 1;
        await sleep(LOOK_AGAIN_MS);
      }
    }
  }

  async #fetch(url, query, timeoutMs) {
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeoutMs)]);
    const answer = await fetch(`${url}/v1/groups/${this.#group}/primary${query}`, { signal });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail ?? `status ${answer.status}`);
    return { host: body.host, port: body.port, term: body.term };
  }
}

/** One connection at a time, to whoever is primary. */
export class PrimaryClient {
  #followed;
  #connection = null;
  #opening = null;

  constructor(sentinels, group) {
    this.#followed = new FollowedPrimary(sentinels, group);
    // What is under way at the old primary is lost with it, or its reply would come too late to be believed.
    this.#followed.on("change", () => this.#connection?.end(new Error("the primary has changed")));
  }

  /** The reply: a string, number, null or array. Rejects with Redis's error, or if the connection is lost. */
  async command(...words) {
    const connection = await this.#connected();
    try {
      return await connection.send(words);
    } catch (error) {
      if (/^(READONLY|MASTERDOWN)/.test(error.message)) connection.end(error);
      throw error;
    }
  }

  close() {
    this.#followed.close();
    this.#connection?.end(new Error("closed"));
  }

  async #connected() {
    if (this.#connection?.usable) return this.#connection;
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  async #open() {
    // After a loss, what was known may be out of date: wait a moment for news, then ask all over again.
    const failed = this.#connection?.primary ?? null;
    if (failed !== null && failed === this.#followed.newest) {
      await once(this.#followed, "change", { signal: AbortSignal.timeout(LOOK_AGAIN_MS) }).catch(() => {});
    }
    const isNews = this.#followed.newest !== failed;
    const connection = new Connection(isNews ? this.#followed.newest : await this.#followed.ask());
    this.#connection = connection;
    await connection.opened;
    return connection;
  }
}

class Connection {
  #socket;
  #waiting = [];
  #received = Buffer.alloc(0);

  constructor(primary) {
    this.primary = primary;
    const socket = net.connect({ host: primary.host, port: primary.port, noDelay: true });
    this.#socket = socket;
    this.opened = once(socket, "connect");
    socket.setTimeout(COMMAND_TIMEOUT_MS, () => {
      if (socket.connecting || this.#waiting.length > 0) socket.destroy(new Error("no reply in time"));
    });
    socket.on("data", (data) => this.#onData(data));
    socket.on("error", (error) => this.#onEnd(error));
    socket.on("close", () => this.#onEnd(new Error("connection lost")));
  }

  get usable() {
    return this.#socket.readyState === "open";
  }

  send(words) {
    const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#socket.write(`*${words.length}\r\n${parts.join("")}`);
    });
  }

  end(error) {
    this.#socket.destroy(error);
  }

  #onEnd(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  #onData(data) {
    this.#received = Buffer.concat([this.#received, data]);
    try {
      let found;
      while ((found = parse(this.#received, 0)) !== null) {
        this.#received = this.#received.subarray(found.end);
        const { resolve, reject } = this.#waiting.shift();
        if (found.value instanceof Error) reject(found.value);
        else resolve(found.value);
      }
    } catch (error) {
      this.end(error); // not a reply to anything that was asked
    }
  }
}

/** The RESP2 reply that begins at `at`, and where it ends; null while it is incomplete. */
function parse(buffer, at) {
  const lineEnd = buffer.indexOf("\r\n", at);
  if (lineEnd < 0) return null;
  const line = buffer.toString("utf8", at + 1, lineEnd);
  const end = lineEnd + 2;
  switch (String.fromCharCode(buffer[at])) {
    case "+":
      return { value: line, end };
    case "-":
      return { value: new Error(line), end };
    case ":":
      return { value: Number(line), end };
    case "$": {
      const length = Number(line);
      if (length < 0) return { value: null, end };
      if (buffer.length < end + length + 2) return null;
      return { value: buffer.toString("utf8", end, end + length), end: end + length + 2 };
    }
    case "*": {
      const items = [];
      let next = end;
      for (let left = Number(line); left > 0; left -= 1) {
        const item = parse(buffer, next);
        if (item === null) return null;
        items.push(item.value);
        next = item.end;
      }
      return { value: Number(line) < 0 ? null : items, end: next };
    }
    default:
      throw new Error(`not a RESP2 reply: ${line}`);
  }
}

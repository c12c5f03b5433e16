// Counts in Redis through failovers, one line for each number that the primary acknowledged.
//
//   node counter.mjs mymaster http://host-1:8700 http://host-2:8700 http://host-3:8700
//   17 1767225600123.4        the number, and when: milliseconds since the epoch
//
// Each number is a field of the hash $COUNTER ("counter" unless set), so that none can hide another's loss.

import { setTimeout as sleep } from "node:timers/promises";

import { PrimaryClient } from "./follow-primary.mjs";

const PAUSE_MS = 5;
const KEY = process.env.COUNTER ?? "counter";

const [group, ...sentinels] = process.argv.slice(2);
if (sentinels.length === 0) {
  console.error("usage: node counter.mjs GROUP URL...");
  process.exit(2);
}

const redis = new PrimaryClient(sentinels, group);
for (let number = 1; ; ) {
  try {
    await redis.command("HSET", KEY, number, 1);
    console.log(`${number} ${(performance.timeOrigin + performance.now()).toFixed(1)}`);
    number += 1;
  } catch (error) {
    // The number may be there nevertheless: setting its field once more does no harm.
    console.error(`${number} failed: ${error.message}`);
  }
  await sleep(PAUSE_MS);
}

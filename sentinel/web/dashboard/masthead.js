// The head of the page: which sentinel this is, whom it is in touch with, and how fresh all this is.

import { byId, h, renew } from "./dom.js";
import { clock, duration } from "./format.js";
import { icon } from "./icons.js";
import { hasMajority, inTouch, state } from "./state.js";

const FEW_PEERS = 8;
const LINKS = {
  live: ["ok", "Live"],
  connecting: ["busy", "Connecting"],
  polling: ["warning", "No event stream, asking every few seconds"],
  lost: ["critical", "This sentinel does not answer"],
};

export function drawMasthead() {
  const [level, words] = LINKS[state.link];
  byId("link").className = `link is-${level}`;
  renew(byId("link"), icon(level), h("span", {}, words));
  const { sentinel } = state;
  if (!sentinel) return;
  renew(
    byId("who"),
    "sentinel ",
    h("b", {}, sentinel.sentinel),
    h("span", { class: "version" }, ` · ${sentinel.version}`),
  );
  drawPeers(sentinel);
  drawBanners(sentinel);
}

function drawPeers(sentinel) {
  const level = !hasMajority() ? "critical" : inTouch() < sentinel.members.length ? "warning" : "ok";
  const summary = `In touch with ${inTouch()} of ${sentinel.members.length} sentinels`;
  renew(
    byId("sentinels"),
    h(
      "details",
      { open: sentinel.peers.length <= FEW_PEERS },
      h("summary", { class: `is-${level}` }, icon(level), h("span", {}, summary)),
      h(
        "ul",
        { class: "peers" },
        h("li", { class: "peer is-ok" }, h("b", {}, sentinel.sentinel), " this one"),
        sentinel.peers.map(peerItem),
      ),
    ),
  );
}

function peerItem(peer) {
  const words = peer.in_touch ? (peer.rtt_ms === null ? "in touch" : duration(peer.rtt_ms)) : "out of touch";
  return h(
    "li",
    { class: `peer is-${peer.in_touch ? "ok" : "critical"}` },
    icon(peer.in_touch ? "ok" : "critical", 13),
    h("b", {}, peer.sentinel),
    h("span", { title: peer.in_touch ? "Round trip of the last ping" : null }, ` ${words}`),
  );
}

function drawBanners(sentinel) {
  const banners = [];
  if (!hasMajority()) {
    const needed = Math.floor(sentinel.members.length / 2) + 1;
    banners.push(
      banner(
        "critical",
        "No majority. ",
        `${sentinel.sentinel} is in touch with ${inTouch()} of ${sentinel.members.length} sentinels, ${needed} ` +
          "needed: it changes nothing, and who is primary may have changed unseen.",
      ),
    );
  }
  if (state.link === "lost" && state.heardAt !== null) {
    banners.push(
      banner(
        "critical",
        "Out of date. ",
        `This sentinel has not answered since ${clock(new Date(state.heardAt).toISOString())}. Trying again.`,
      ),
    );
  }
  renew(byId("banners"), banners);
}

function banner(level, title, words) {
  return h("p", { class: `banner is-${level}` }, icon(level, 20), h("span", {}, h("b", {}, title), words));
}

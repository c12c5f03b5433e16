// Where each node of the picture stands: whom it follows to its left, or, on a narrow screen, above it.

export const BOX = { height: 92, least: 226, most: 272, mostStacked: 420 };
const LEAST_GAP = 112;
const MOST_GAP = 340;
const ROW_GAP = 20;
const STEP_IN = 26;
const LINK_ROOM = 34;
const MARGIN = 6;

/**
 * `{width, height, narrow, boxes}`. A box is `{node, parent, x, y, width}`; `parent` is the box of the node
 * that it follows, or null. At most `most` nodes get one.
 */
export function layout(group, room, most) {
  const tree = roots(group);
  const flat = [];
  const walk = (node, parent, depth) => {
    const box = { node, parent, depth, children: [] };
    flat.push(box);
    parent?.children.push(box);
    for (const child of tree.followers.get(node.node) ?? []) walk(child, box, depth + 1);
  };
  for (const node of tree.tops) walk(node, null, 0);
  const boxes = flat.slice(0, most);
  const deepest = Math.max(0, ...boxes.map((box) => box.depth));
  const fair = Math.floor((room - 2 * MARGIN - deepest * LEAST_GAP) / (deepest + 1));
  const narrow = fair < BOX.least;
  const size = narrow ? stacked(boxes, room) : inColumns(boxes, room, Math.min(BOX.most, fair), deepest);
  return { ...size, narrow, boxes };
}

/** The agreed primary first, then who follows nobody that is known; a circle has its first node on top. */
function roots(group) {
  const primary = group.topology?.primary;
  const known = new Set(group.nodes.map((node) => node.node));
  const followers = new Map();
  const tops = [];
  for (const node of group.nodes) {
    const leads =
      node.node === primary ||
      node.role !== "replica" ||
      !known.has(node.follows) ||
      node.follows === node.node;
    if (leads) tops.push(node);
    else followers.set(node.follows, [...(followers.get(node.follows) ?? []), node]);
  }
  const reached = new Set();
  const reach = (node) => {
    if (reached.has(node.node)) return;
    reached.add(node.node);
    (followers.get(node.node) ?? []).forEach(reach);
  };
  tops.forEach(reach);
  for (const node of group.nodes) {
    if (reached.has(node.node)) continue;
    followers.set(
      node.follows,
      followers.get(node.follows).filter((other) => other !== node),
    );
    tops.push(node);
    reach(node);
  }
  tops.sort((a, b) => Number(b.node === primary) - Number(a.node === primary));
  return { tops, followers };
}

function stacked(boxes, room) {
  let y = MARGIN;
  for (const box of boxes) {
    box.x = MARGIN + Math.min(box.depth, 3) * STEP_IN;
    box.width = Math.min(BOX.mostStacked, room - box.x - MARGIN);
    if (box.parent) y += LINK_ROOM - ROW_GAP;
    box.y = y;
    if (box.parent) {
      // Each wire goes on where that of the sibling above branched off.
      box.wireFrom = box.parent.branch ?? box.parent.y + BOX.height;
      box.parent.branch = box.y + BOX.height / 2;
    }
    y += BOX.height + ROW_GAP;
  }
  return { width: Math.max(...boxes.map((box) => box.x + box.width)) + MARGIN, height: y - ROW_GAP + MARGIN };
}

function inColumns(boxes, room, wide, deepest) {
  const gap = deepest ? Math.min(MOST_GAP, (room - 2 * MARGIN - (deepest + 1) * wide) / deepest) : 0;
  let y = MARGIN;
  const drawn = new Set(boxes);
  const settle = (box) => {
    box.x = MARGIN + box.depth * (wide + gap);
    box.width = wide;
    const children = box.children.filter((child) => drawn.has(child));
    children.forEach(settle);
    if (children.length === 0) {
      box.y = y;
      y += BOX.height + ROW_GAP;
    } else box.y = (children[0].y + children[children.length - 1].y) / 2;
  };
  boxes.filter((box) => !box.parent).forEach(settle);
  return { width: 2 * MARGIN + (deepest + 1) * wide + deepest * gap, height: y - ROW_GAP + MARGIN };
}

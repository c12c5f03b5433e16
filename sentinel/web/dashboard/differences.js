// What has changed between two looks at a group, in sentences: for screen readers, and for the list of events
// while the stream of them cannot be had.

/** `{words, aloud}` of each; `aloud` is what people want to be interrupted for. */
export function differences(before, after) {
  const found = [];
  const was = before.topology?.primary;
  const is = after.topology?.primary;
  if (is && was !== is)
    found.push({ words: `${is} is the primary now${was ? `, ${was} no longer is` : ""}.`, aloud: true });
  const known = new Map(before.nodes.map((node) => [node.node, node]));
  for (const node of after.nodes) {
    const old = known.get(node.node);
    if (!old || old.state === node.state) continue;
    if (node.state === "down")
      found.push({ words: `${node.node} is down: ${node.detail || node.grade}.`, aloud: node.node === is });
    else if (old.state === "down" && node.state !== "unknown")
      found.push({ words: `${node.node} is ${node.state} again.`, aloud: false });
  }
  if (!before.paused && after.paused) found.push({ words: "is paused.", aloud: true });
  if (before.paused && !after.paused) found.push({ words: "is no longer paused.", aloud: true });
  return found;
}

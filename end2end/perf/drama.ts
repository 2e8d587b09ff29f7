// The graph that the measurements are taken of.

/** A drama of 100 nodes: prompts into video nodes into one stitcher per episode. */
export function drama(nodes: number) {
  const definition = { schema: 1, nodes: [] as any[], connections: [] as any[] };
  const shots = Math.floor(nodes / 2);
  for (let shot = 0; shot < shots; shot++) {
    const [x, y] = [(shot % 10) * 700, Math.floor(shot / 10) * 900];
    definition.nodes.push({ id: `prompt-${shot}`, type: 'Prompt', position: { x, y }, params: { text: `Shot ${shot}: she turns at the door` } });
    definition.nodes.push({ id: `shot-${shot}`, type: 'Sora2Video', position: { x: x + 340, y }, params: { seconds: 4 } });
    definition.connections.push({ from: { node: `prompt-${shot}`, socket: 'text' }, to: { node: `shot-${shot}`, socket: 'prompt' } });
  }
  return definition;
}

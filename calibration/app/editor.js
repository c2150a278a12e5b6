// The picture one draws on. Shapes are fractions of the picture. Python keeps them and says what is wrong with them;
// here only the shape under way lives. Everything the page says goes out as one event with a number of its own.
const SVG = "http://www.w3.org/2000/svg";
const make = (name, attributes = {}, parent = null) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
};
const within = (value) => Math.min(1, Math.max(0, value));
const EDGE_PX = 6; // nobody can click on the very border: so near is there
const round = (value) => Math.round(value * 10000) / 10000;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".lw-editor");
  const self = (root.editor ??= begin(root));
  self.tell = (type, more = {}) =>
    setTriggerValue("event", { type, number: Date.now() + Math.random(), tool: self.data.tool.key, ...more });
  if (self.data && self.data.tool.key !== data.tool.key) self.points = [];
  if (data.taken && data.taken === self.sent) { self.points = []; self.sent = null; }
  self.data = data;
  if (self.drag === null) self.draw();
}

function begin(root) {
  const self = { points: [], drag: null, chosen: null, cursor: null, sent: null, data: null };
  const svg = root.querySelector("svg");
  const word = root.querySelector(".word");
  const stage = root.querySelector(".stage");
  const place = (event) => {
    const box = svg.getBoundingClientRect();
    const along = (at_px, size_px) => (at_px < EDGE_PX ? 0 : at_px > size_px - EDGE_PX ? 1 : round(at_px / size_px));
    return [along(event.clientX - box.left, box.width), along(event.clientY - box.top, box.height)];
  };
  const far = (a, b) => Math.hypot((a[0] - b[0]) * svg.clientWidth, (a[1] - b[1]) * svg.clientHeight);
  const px = ([x, y]) => [x * 1000 * self.data.ratio, y * 1000];
  const path = (points) => points.map((p) => px(p).join(",")).join(" ");

  const finish = () => {
    const { tool } = self.data;
    if (self.points.length < tool.least) return;
    self.sent = `${tool.key}:${Date.now()}`;
    self.tell("draw", { points: self.points, mark: self.sent });
  };
  const add = (point) => {
    const { tool } = self.data;
    if (!tool.key) return;
    if (tool.most && self.points.length >= tool.most) self.points = []; // was refused: the next click begins anew
    const first = self.points[0];
    if (tool.closed && self.points.length >= tool.least && far(first, point) < 14) return finish();
    if (self.points.length && far(self.points.at(-1), point) < 3) return; // a double click's second one
    self.points.push(point);
    if (self.points.length === tool.most) return finish();
    self.draw();
    if (self.points.length >= 2) self.tell("try", { points: self.points });
  };

  svg.addEventListener("pointerdown", (event) => {
    const handle = event.target.closest("[data-shape]");
    root.focus({ preventScroll: true });
    if (self.points.length === 0 && handle && event.button === 0) {
      self.chosen = { key: handle.dataset.shape, index: handle.dataset.index ?? null };
      self.drag = { from: place(event), moved: false, points: shape(handle.dataset.shape).points.map((p) => [...p]) };
      svg.setPointerCapture(event.pointerId);
      event.preventDefault();
    }
  });
  svg.addEventListener("pointermove", (event) => {
    self.cursor = place(event);
    if (self.drag) {
      const [dx, dy] = [self.cursor[0] - self.drag.from[0], self.cursor[1] - self.drag.from[1]];
      if (!self.drag.moved && far(self.cursor, self.drag.from) < 4) return;
      self.drag.moved = true;
      const target = shape(self.chosen.key);
      const one = self.chosen.index;
      target.points = self.drag.points.map((p, i) =>
        one === null || Number(one) === i ? [round(within(p[0] + dx)), round(within(p[1] + dy))] : p);
    }
    if (self.drag || self.points.length) self.draw();
  });
  svg.addEventListener("pointerup", (event) => {
    const drag = self.drag;
    self.drag = null;
    if (drag && drag.moved) return self.tell("move", { key: self.chosen.key, points: shape(self.chosen.key).points });
    if (drag && !self.data.tool.key) return self.draw();
    if (event.button !== 0) return;
    // A click on a corner while drawing takes exactly that corner: a service line lies on its lane's side.
    const corner = drag && self.chosen.index !== null ? shape(self.chosen.key)?.points[self.chosen.index] : null;
    self.chosen = null;
    add(corner ? [...corner] : place(event));
  });
  svg.addEventListener("dblclick", (event) => {
    const side = event.target.closest("[data-shape]");
    if (self.points.length) return finish();
    if (side && side.dataset.index === undefined) split(side.dataset.shape, place(event));
  });
  // A finger has neither Delete nor Enter: the two buttons that show where there is no mouse.
  root.querySelector('[data-do="back"]').addEventListener("click", () => remove());
  root.querySelector('[data-do="close"]').addEventListener("click", () => finish());
  root.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && key === "z") {
      if (self.points.length) { self.points.pop(); self.draw(); } else self.tell("undo");
    } else if (key === "escape") {
      self.points = []; self.chosen = null; self.draw(); self.tell("try", { points: [] });
    } else if (key === "enter") finish();
    else if (key === "delete" || key === "backspace") remove();
    else return;
    event.preventDefault();
  });

  const shape = (key) => self.data.shapes.find((s) => s.key === key);
  const remove = () => {
    if (self.points.length) { self.points.pop(); return self.draw(); }
    if (!self.chosen) return;
    const { key, index } = self.chosen;
    const target = shape(key);
    if (!target) return;
    self.chosen = null;
    if (index === null || target.points.length <= target.least) return self.tell("delete", { key });
    self.tell("move", { key, points: target.points.filter((_, i) => i !== Number(index)) });
  };
  const split = (key, at) => {
    const { points, closed } = shape(key);
    const away = (i) => {
      const [a, b] = [points[i], points[(i + 1) % points.length]];
      return far(a, at) + far(b, at) - far(a, b);
    };
    const sides = [...points.keys()].slice(0, closed ? points.length : -1);
    const best = sides.reduce((a, b) => (away(b) < away(a) ? b : a));
    self.tell("move", { key, points: points.toSpliced(best + 1, 0, at) });
  };

  self.draw = () => {
    const { data } = self;
    svg.setAttribute("viewBox", `0 0 ${1000 * data.ratio} 1000`);
    root.querySelector("img").src = data.picture;
    stage.style.aspectRatio = String(data.ratio);
    // Corners and names keep their size on the screen however small the picture is; a finger needs larger ones.
    const finger = matchMedia("(pointer: coarse)").matches ? 1.5 : 1;
    const size = Math.max(1, 580 / (svg.clientHeight || 580)) * finger;
    const text = Math.max(1, 580 / (svg.clientHeight || 580));
    svg.style.setProperty("--text", text);
    svg.replaceChildren();
    for (const person of data.people) {
      const [x, y] = px(person.box.slice(0, 2));
      const [x2, y2] = px(person.box.slice(2));
      const style = `--c:${person.colour}`;
      make("rect", { x, y, width: x2 - x, height: y2 - y, class: `person${person.queue ? " member" : ""}`, style }, svg);
      const [cx, cy] = px(person.foot);
      make("circle", { cx, cy, r: 7 * text, class: `foot${person.queue ? " member" : ""}`, style }, svg);
      make("text", { x: x + 6, y: y + 22 * text, class: "track", style }, svg).textContent = person.track;
    }
    for (const s of data.shapes) {
      const name = s.closed ? "polygon" : "polyline";
      const more = `${s.kind}${s.bad ? " bad" : ""}${self.chosen?.key === s.key ? " chosen" : ""}`;
      const style = `--c:${s.colour}`;
      make(name, { points: path(s.points), class: `shape ${more}`, style, "data-shape": s.key }, svg);
      if (s.kind !== "suggested") s.points.forEach((p, index) => {
        const [cx, cy] = px(p);
        make("circle", { cx, cy, r: 9 * size, class: `corner ${more}${self.chosen?.index === String(index) && self.chosen?.key === s.key ? " on" : ""}`,
          style, "data-shape": s.key, "data-index": index }, svg);
      });
      const [x, y] = px(s.points.reduce((a, b) => (b[1] < a[1] ? b : a)));
      const room = 120 * text;
      const at = { x: Math.min(Math.max(x, room), 1000 * data.ratio - room), y: Math.max(y - 14 * text, 26 * text) };
      const label = make("text", { ...at, class: "label", style }, svg);
      label.textContent = s.label;
    }
    if (self.points.length) {
      const wrong = data.word ? " bad" : "";
      const soon = self.cursor ? [...self.points, self.cursor] : self.points;
      make("polyline", { points: path(soon), class: `under-way${wrong}` }, svg);
      self.points.forEach((p, i) => {
        const [cx, cy] = px(p);
        make("circle", { cx, cy, r: (i ? 7 : 11) * size, class: `under-way${wrong}` }, svg);
      });
    }
    word.textContent = data.word || data.trouble || data.tool.hint;
    word.className = `word${data.word || data.trouble ? " bad" : ""}`;
  };
  return self;
}

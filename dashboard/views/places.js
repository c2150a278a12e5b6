// Chips that are dragged over the plan. Names are set as text only. The last word goes to Python when a chip is let go.
export default function (component) {
  const { data, setTriggerValue, parentElement } = component;
  const board = parentElement.querySelector(".board");
  board.style.aspectRatio = String(data.ratio);
  board.style.backgroundImage = data.picture ? `url(${data.picture})` : "none";
  board.replaceChildren();
  const within = (value) => Math.min(1, Math.max(0, value));
  for (const chip of data.chips) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = chip.name;
    let { x, y } = chip;
    const put = () => {
      button.style.left = `${100 * x}%`;
      button.style.top = `${100 * y}%`;
    };
    const tell = () => setTriggerValue("moved", { [chip.id]: [x, y] });
    button.addEventListener("pointerdown", (event) => button.setPointerCapture(event.pointerId));
    button.addEventListener("pointermove", (event) => {
      if (!button.hasPointerCapture(event.pointerId)) return;
      const box = board.getBoundingClientRect();
      x = within((event.clientX - box.left) / box.width);
      y = within((event.clientY - box.top) / box.height);
      put();
    });
    button.addEventListener("pointerup", tell);
    button.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      x = within(x + 0.01 * step[0]);
      y = within(y + 0.01 * step[1]);
      put();
    });
    button.addEventListener("keyup", (event) => event.key.startsWith("Arrow") && tell());
    put();
    board.append(button);
  }
}

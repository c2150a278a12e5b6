// A picture and the keyboard: what is typed goes to Python as one event with a number of its own.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".lw-count");
  root.tell = (key) => setTriggerValue("event", { key, number: Date.now() + Math.random(), typed: root.typed ?? "" });
  root.querySelector("img").src = data.picture;
  const svg = root.querySelector("svg");
  svg.replaceChildren();
  for (const points of data.lanes) {
    const lane = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
    lane.setAttribute("points", points.map(([x, y]) => `${x * 1000},${y * 1000}`).join(" "));
    svg.append(lane);
  }
  if (root.at !== data.at) root.typed = "";
  root.at = root.dataset.at = data.at; // a digit typed for the picture before is not this one's
  const show = () => { root.querySelector(".typed").textContent = root.typed || data.shown; };
  root.querySelector(".unsure").textContent = data.unsure ? "uncertain" : "";
  show();
  if (!root.begun) {
    root.begun = true;
    root.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const key = event.key;
      if (/^[0-9]$/.test(key) && root.digits) { root.typed = (root.typed + key).slice(-3); root.show(); }
      else if (key === "Backspace" && root.typed) { root.typed = root.typed.slice(0, -1); root.show(); }
      else if (["Enter", "Backspace", "ArrowLeft", "ArrowRight", "u", "n", "j", "s", "l", "z"].includes(key))
        root.tell(event.shiftKey && key.startsWith("Arrow") ? `Shift${key}` : key);
      else return;
      event.preventDefault();
    });
    root.addEventListener("click", () => root.focus({ preventScroll: true }));
    root.focus({ preventScroll: true });
  }
  root.show = show;
  root.digits = data.digits;
}

"use strict";
// Draws what /events says. Texts go in by textContent only. Without a word from the server for silent_s nothing on the
// screen is of now any more: the numbers go, and the screen says so.
const setup = JSON.parse(document.getElementById("setup").textContent);
const codes = Object.keys(setup.words);
const SILENT_MS = setup.silent_s * 1000, TURN_MS = 8000, AGAIN_MS = 5000;
let queues = setup.queues, heardMs = performance.now(), silent = false, turn = 0, source = null;

function element(tag, kind, text) {
  const made = document.createElement(tag);
  made.className = kind;
  made.textContent = text;
  return made;
}

function card(queue, words) {
  const kind = silent ? "unknown" : queue.kind;
  const box = element("section", "queue " + kind, ""), inside = element("div", "inside", "");
  if (queues.length > 1 || setup.one) inside.append(element("h2", "", queue.name));
  if (["wait", "at_least", "more_than"].includes(kind)) {
    if (kind !== "wait") inside.append(element("p", "before", words[kind]));
    const value = element("p", "value", String(queue.minutes));
    value.append(element("small", "", " " + words.unit));
    inside.append(value);
  } else {
    inside.append(element("p", "said", words[kind]));
  }
  if (setup.people && !silent && queue.people !== null && queue.people !== undefined)
    inside.append(element("p", "people", words.people.replace("{n}", queue.people)));
  box.append(inside);
  return box;
}

function columns(count) {
  const shape = innerWidth / innerHeight;
  let best = 1, most = 0;
  for (let n = 1; n <= count; n++) {
    const size = Math.min(shape / n * 0.75, 1 / Math.ceil(count / n));
    if (size > most + 1e-9) { best = n; most = size; }
  }
  return best;
}

function draw() {
  const code = codes[turn % codes.length], words = setup.words[code];
  document.documentElement.lang = code;
  document.title = words.heading + " – " + setup.site;
  document.getElementById("heading").textContent = words.heading;
  document.getElementById("site").textContent = setup.site;
  const place = document.getElementById("queues");
  place.style.setProperty("--columns", columns(queues.length));
  place.replaceChildren(...queues.map((queue) => card(queue, words)));
  const banner = document.getElementById("no-data");
  banner.hidden = !silent;
  banner.textContent = silent ? words.no_data : "";
}

function heard() {
  heardMs = performance.now();
  if (silent) { silent = false; draw(); }
}

function connect() {
  source = new EventSource("/events");
  source.onmessage = (event) => {
    const told = JSON.parse(event.data);
    if (told.build !== setup.build) { location.reload(); return; }
    queues = told.queues.filter((queue) => !setup.one || queue.queue === setup.one);
    heardMs = performance.now();
    silent = false;
    draw();
  };
  source.addEventListener("beat", heard);
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  };
}

setInterval(() => {
  if (!silent && performance.now() - heardMs > SILENT_MS) { silent = true; draw(); }
}, 500);
if (codes.length > 1) setInterval(() => { turn += 1; draw(); }, TURN_MS);
addEventListener("resize", draw);
draw();
connect();

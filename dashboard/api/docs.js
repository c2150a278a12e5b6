// No validator and no other server: the page works where there is no network.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: false, // its links would stand inside buttons
  validatorUrl: null,
  tryItOutEnabled: true,
  supportedSubmitMethods: ["get"],
  defaultModelsExpandDepth: 0,
});

// An answer that scrolls must be reached without a mouse.
const reach = () => document.querySelectorAll("pre.microlight:not([tabindex])").forEach((e) => (e.tabIndex = 0));
new MutationObserver(reach).observe(document.getElementById("page"), { childList: true, subtree: true });

// The page follows the system's light or dark.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// No validator and no other server: the page works where there is no network.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
  tryItOutEnabled: true,
  supportedSubmitMethods: ["get"],
  defaultModelsExpandDepth: 0,
});

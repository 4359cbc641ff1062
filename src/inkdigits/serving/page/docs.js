// /openapi.json as a page: every operation with its parameters, bodies, responses and a command that calls it.

const main = document.getElementById("operations");

function element(kind, text = "", className = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  made.className = className;
  return made;
}

function typeName(schema, document_) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").at(-1);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((choice) => typeName(choice, document_)).join(" | ");
  if (schema.type === "array") return `${typeName(schema.items, document_) || "value"}[]`;
  return schema.format ?? schema.type ?? "any";
}

function table(rows) {
  const made = element("table");
  for (const cells of rows) {
    const line = made.insertRow();
    for (const text of cells) line.insertCell().textContent = text;
  }
  return made;
}

function fields(schema, document_) {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => [
    schema.required?.includes(name) ? name : `${name} (optional)`,
    typeName(field, document_),
    field.description ?? "",
  ]);
}

function resolved(schema, document_) {
  return schema?.$ref ? document_.components.schemas[schema.$ref.split("/").at(-1)] : schema;
}

function addBody(inside, content, title, document_) {
  for (const [kind, { schema }] of Object.entries(content ?? {})) {
    inside.append(element("h3", `${title}: ${kind}${schema ? ` (${typeName(schema, document_)})` : ""}`));
    const rows = fields(resolved(schema, document_) ?? {}, document_);
    if (rows.length) inside.append(table(rows));
  }
}

function command(method, path, operation) {
  const base = new URL(".", location.href).href.replace(/\/$/, "");
  const kinds = Object.keys(operation.requestBody?.content ?? {});
  const body = kinds.includes("multipart/form-data") ? " -F picture=@digit.png"
    : kinds.length ? " -H 'Content-Type: application/json' -d @request.json" : "";
  return `curl ${base}${path}${body}`;
}

function operationCard(path, method, operation, document_) {
  const card = element("details");
  const summary = element("summary");
  summary.append(element("b", method.toUpperCase(), `method ${method}`), element("code", path), element("span", operation.summary ?? ""));
  const inside = element("div", "", "inside");
  const parameters = (operation.parameters ?? []).map((each) => [
    each.name, each.in, typeName(each.schema, document_), each.description ?? "",
  ]);
  if (parameters.length) inside.append(element("h3", "Parameters"), table(parameters));
  addBody(inside, operation.requestBody?.content, "Request", document_);
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
  if (success) addBody(inside, success[1].content, `Response ${success[0]}`, document_);
  inside.append(element("h3", "Responses"));
  inside.append(table(Object.entries(operation.responses).map(([status, { description }]) => [status, description])));
  inside.append(element("h3", "From a shell"), element("pre", command(method, path, operation)));
  card.append(summary, inside);
  return card;
}

async function start() {
  const document_ = await (await fetch("openapi.json")).json();
  main.replaceChildren();
  let group;
  for (const [path, operations] of Object.entries(document_.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? "Operation";
      if (tag !== group) main.append(element("h2", tag));
      group = tag;
      main.append(operationCard(path, method, operation, document_));
    }
  }
}

start().catch(() => main.replaceChildren(element("p", "The description cannot be loaded: check that the server is running.")));

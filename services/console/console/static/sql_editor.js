// GoogleSQL in the editor: highlighting, completion, the look in light and dark, and the selection.
import * as CM from "nicegui-codemirror";

const words = { keywords: new Set(), types: new Set(), functions: new Set() };
let offered = []; // {label, type, detail}: tables, columns, keywords and functions

const TEXTS = /^(?:[rb]|rb|br)?("""|'''|"|')/i;

function token(stream, state) {
  if (state.until) return rest(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match(/^(--|#).*/)) return "comment";
  if (stream.match("/*")) return rest(stream, Object.assign(state, { until: "*/", style: "comment" }));
  const text = stream.match(TEXTS);
  if (text) return rest(stream, Object.assign(state, { until: text[1], style: "string" }));
  if (stream.match(/^`[^`\n]*`?/)) return "variableName.special";
  if (stream.match(/^(0x[0-9a-f]+|\d+\.?\d*(e[+-]?\d+)?)/i)) return "number";
  if (stream.match(/^@{1,2}\w+/)) return "atom";
  const word = stream.match(/^[A-Za-z_]\w*/);
  if (word) return kind(word[0].toUpperCase());
  stream.next();
  return null;
}

function rest(stream, state) {
  while (!stream.eol()) {
    if (state.style === "string" && stream.match("\\")) stream.next();
    else if (stream.match(state.until)) return leave(state);
    else stream.next();
  }
  return state.until.length === 1 ? leave(state) : state.style; // only texts in three quotes and comments go on
}

function leave(state) {
  state.until = "";
  return state.style;
}

function kind(word) {
  if (words.keywords.has(word)) return "keyword";
  if (words.types.has(word)) return "typeName";
  return words.functions.has(word) ? "variableName.function" : "variableName";
}

function complete(context) {
  const before = context.matchBefore(/[\w`.-]*/);
  if (!context.explicit && before.text.length < 2) return null;
  const dot = before.text.lastIndexOf(".");
  const whole = before.text.replaceAll("`", "").toLowerCase();
  const last = whole.slice(whole.lastIndexOf(".") + 1);
  // After a dot: the tables of that dataset, or columns; before it: everything.
  const options = offered.filter((each) => each.label.toLowerCase().startsWith(dot < 0 ? last : whole));
  const columns = dot < 0 ? [] : offered.filter((each) => each.type === "property" && each.label.toLowerCase().startsWith(last));
  if (options.length) return { from: before.text.startsWith("`") ? before.from + 1 : before.from, options };
  return columns.length ? { from: before.from + dot + 1, options: columns } : null;
}

function dress(element) {
  element.setTheme(document.body.classList.contains("body--dark") ? "vscodeDark" : "vscodeLight");
}

export async function attach(id, label, vocabulary) {
  const element = getElement(id);
  await element.editorPromise;
  for (const name of Object.keys(words)) words[name] = new Set(vocabulary[name]);
  const language = CM.StreamLanguage.define({
    name: "googlesql",
    startState: () => ({ until: "", style: null }),
    token,
    languageData: { commentTokens: { line: "--", block: { open: "/*", close: "*/" } }, autocomplete: complete },
  });
  const labelled = CM.EditorView.contentAttributes.of({ "aria-label": label });
  element.editor.dispatch({ effects: CM.StateEffect.appendConfig.of([language, labelled]) });
  dress(element);
  new MutationObserver(() => dress(element)).observe(document.body, { attributeFilter: ["class"] });
}

export function offer(options) {
  offered = options;
}

export function selection(id) {
  const { doc, selection } = getElement(id).editor.state;
  const index = (unit) => [...doc.sliceString(0, unit)].length; // characters as Python counts them
  return [doc.toString(), index(selection.main.from), index(selection.main.to)];
}

export function insert(id, text) {
  const { editor } = getElement(id);
  editor.dispatch(editor.state.replaceSelection(text));
  editor.focus();
}

// Prints the names that Grafana knows, by kind: it ignores a misspelt one in silence.
const grafana = require('@grafana/data');

const ids = (registry) => registry.list().map((each) => each.id);
const colours = grafana.createTheme().visualization.hues.flatMap((hue) => hue.shades);

process.stdout.write(
  JSON.stringify({
    unit: grafana.getValueFormats().flatMap((group) => group.submenu.map((each) => each.value)),
    reducer: ids(grafana.fieldReducers),
    transformation: Object.values(grafana.DataTransformerID),
    matcher: ids(grafana.fieldMatchers),
    'colour mode': ids(grafana.fieldColorModeRegistry),
    colour: ['text', 'transparent', ...colours.map((each) => each.name)],
  })
);

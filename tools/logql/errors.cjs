// Prints where a query in Loki's language does not parse, one line each; nothing if it does.
const { parser } = require('@grafana/lezer-logql');

const query = process.argv[2];
parser.parse(query).iterate({
  enter: (node) => {
    if (node.type.isError) console.log(`${node.from}: ${query.slice(node.from, node.from + 40)}`);
  },
});

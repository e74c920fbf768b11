// What a board is made of, in Grafana's own types: the JSON Schema of the boards is drawn from it.
// Paths are relative, because the package exports no others.
import type * as BarGauge from './node_modules/@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/types.gen';
import type * as Board from './node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen';
import type * as Heatmap from './node_modules/@grafana/schema/dist/types/raw/composable/heatmap/panelcfg/x/types.gen';
import type * as Logs from './node_modules/@grafana/schema/dist/types/raw/composable/logs/panelcfg/x/types.gen';
import type * as Stat from './node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as Table from './node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as Text from './node_modules/@grafana/schema/dist/types/raw/composable/text/panelcfg/x/types.gen';
import type * as TimeSeries from './node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';

export interface Grafana {
  dashboard: Board.Dashboard;
  row: Board.RowPanel;
  panel: Board.Panel;
  // By the panel's type: what its `options` are, and what its fields' `custom` settings are.
  options: {
    bargauge: BarGauge.Options;
    heatmap: Heatmap.Options;
    logs: Logs.Options;
    stat: Stat.Options;
    table: Table.Options;
    text: Text.Options;
    timeseries: TimeSeries.Options;
  };
  custom: {
    heatmap: Heatmap.FieldConfig;
    table: Table.FieldConfig;
    timeseries: TimeSeries.FieldConfig;
  };
}

// Package v2 stands where the linter expects Grafana's types of boards in the v2 schema.
//
// Grafana's module apps/dashboard is not on the Go module proxy, and our boards are in the classic
// schema, which the linter reads by itself. So here is only what the linter names, and a board in
// the v2 schema is refused instead of being judged by types that nobody checked.
package v2

import "errors"

type DashboardSpec struct {
	Title       string
	Editable    *bool
	Elements    map[string]DashboardElement
	Variables   []DashboardVariableKind
	Annotations []DashboardAnnotationQueryKind
}

func (*DashboardSpec) UnmarshalJSON([]byte) error {
	return errors.New("this build of the linter knows no boards in the v2 schema")
}

type DashboardElement struct {
	PanelKind *struct{ Spec DashboardPanelSpec }
}

type DashboardPanelSpec struct {
	Id          float64
	Title       string
	Description string
	Data        struct {
		Spec struct{ Queries []DashboardPanelQueryKind }
	}
	VizConfig struct {
		Group string
		Spec  struct{ FieldConfig, Options any }
	}
}

type DashboardPanelQueryKind struct {
	Spec struct {
		RefId  string
		Hidden bool
		Query  DashboardDataQueryKind
	}
}

type DashboardDataQueryKind struct {
	Group      string
	Datasource *struct{ Name *string }
	Spec       map[string]any
}

type DashboardAnnotationQueryKind struct {
	Spec struct {
		Name  string
		Query DashboardDataQueryKind
	}
}

type DashboardVariableRefresh string

const (
	DashboardVariableRefreshOnDashboardLoad    DashboardVariableRefresh = "onDashboardLoad"
	DashboardVariableRefreshOnTimeRangeChanged DashboardVariableRefresh = "onTimeRangeChanged"
)

// DashboardVariable has what the linter reads of any kind of variable.
type DashboardVariable struct {
	Name     string
	Label    *string
	Multi    bool
	AllValue *string
	Refresh  DashboardVariableRefresh
	PluginId string
	Query    string
}

type DashboardQueryVariable struct {
	Name     string
	Label    *string
	Multi    bool
	AllValue *string
	Refresh  DashboardVariableRefresh
	Query    DashboardDataQueryKind
}

type kind struct{ Spec DashboardVariable }

type DashboardVariableKind struct {
	QueryVariableKind *struct{ Spec DashboardQueryVariable }

	DatasourceVariableKind, CustomVariableKind, IntervalVariableKind, ConstantVariableKind *kind
	TextVariableKind, AdhocVariableKind, GroupByVariableKind, SwitchVariableKind           *kind
}

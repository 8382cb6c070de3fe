import { registry } from "@web/core/registry";
import { SEP } from "@web/views/graph/graph_model";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { graphView } from "@web/views/graph/graph_view";

// the colours that the badges and the progress bars have
const STATE_COLORS = {
    running: "#7fc8d6",
    approaching: "#ffac00",
    breached: "#d23f3a",
    paused: "#b8bec6",
    reached: "#28a745",
    failed: "#d23f3a",
    cancelled: "#dee2e6",
    superseded: "#dee2e6",
};

/** Bars of SLA states in the colours of the states: a red bar never means that all is well. */
export class SlaGraphRenderer extends GraphRenderer {
    getBarChartData() {
        const data = super.getBarChartData();
        const { groupBy, fields } = this.model.metaData;
        const field = fields[groupBy.at(-1)?.fieldName];
        if (groupBy.length > 1 && ["state", "sla_state"].includes(field?.name)) {
            const states = Object.fromEntries(field.selection.map(([key, label]) => [label, key]));
            for (const dataset of data.datasets) {
                const state = states[(dataset.label || "").split(SEP).at(-1)];
                dataset.backgroundColor = STATE_COLORS[state] || dataset.backgroundColor;
            }
        }
        return data;
    }
}

registry.category("views").add("helpdesk_sla_graph", {
    ...graphView,
    Renderer: SlaGraphRenderer,
});

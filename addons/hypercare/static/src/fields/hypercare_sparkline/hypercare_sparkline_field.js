import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import {
    JournalDashboardGraphField,
    journalDashboardGraphField,
} from "@web/views/fields/journal_dashboard_graph/journal_dashboard_graph_field";

/** The small chart of the stock dashboards, with a line across where the limit is. */
export class HypercareSparklineField extends JournalDashboardGraphField {
    static template = "hypercare.SparklineField";

    renderChart() {
        // the record may have been read again since the widget was set up
        this.data = JSON.parse(this.props.record.data[this.props.name]);
        super.renderChart();
    }

    /** What the picture says, for those who do not see it. */
    get label() {
        const [{ key, values, limit }] = JSON.parse(this.props.record.data[this.props.name]);
        if (!values.length) {
            return key;
        }
        const params = {
            name: key,
            days: values.length,
            first: values[0].y,
            last: values.at(-1).y,
            limit,
        };
        return limit === null || limit === undefined
            ? _t("%(name)s on %(days)s days: from %(first)s to %(last)s", params)
            : _t("%(name)s on %(days)s days: from %(first)s to %(last)s, limit %(limit)s", params);
    }

    getLineChartConfig() {
        const config = super.getLineChartConfig();
        const [{ values, limit, limit_label: label }] = this.data;
        const [line] = config.data.datasets;
        // one day alone is a point, and no line
        line.pointRadius = values.length > 1 ? 0 : 3;
        line.pointHitRadius = 8;
        config.options.animation = false;
        config.options.scales.y.grace = "10%";
        config.options.scales.y.beginAtZero = true;
        if (limit !== null && limit !== undefined) {
            config.data.datasets.push({
                borderColor: getCustomColor(cookie.get("color_scheme"), "#b02a37", "#ea868f"),
                borderDash: [4, 4],
                borderWidth: 1,
                data: values.map(({ x }) => ({ x, y: limit })),
                fill: false,
                label,
                pointRadius: 0,
            });
        }
        return config;
    }
}

registry.category("fields").add("hypercare_sparkline", {
    ...journalDashboardGraphField,
    component: HypercareSparklineField,
});

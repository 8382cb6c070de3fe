import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** How many tickets were open at the end of each day, as a line. */
export class BacklogChart extends Component {
    static template = "helpdesk_sla.BacklogChart";
    static props = {
        points: { type: Array, element: { type: Object, shape: { date: String, count: Number } } },
    };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        // the same numbers again draw nothing
        useEffect(
            () => this.draw(),
            () => [JSON.stringify(this.props.points)]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    get label() {
        const counts = this.props.points.map(({ count }) => count);
        return _t("Open tickets in the last 30 days: from %(first)s to %(last)s", {
            first: counts[0],
            last: counts.at(-1),
        });
    }

    get chartData() {
        return {
            labels: this.props.points.map(({ date }) =>
                deserializeDate(date).toLocaleString({ day: "numeric", month: "short" })
            ),
            data: this.props.points.map(({ count }) => count),
        };
    }

    draw() {
        const { labels, data } = this.chartData;
        if (this.chart) {
            this.chart.data.labels = labels;
            this.chart.data.datasets[0].data = data;
            this.chart.update();
            return;
        }
        const style = getComputedStyle(this.canvas.el);
        const line = style.getPropertyValue("--helpdesk-wall-line").trim() || style.color;
        const ticks = { color: style.color, font: { size: parseInt(style.fontSize) } };
        // the bundle puts Chart into the global scope
        this.chart = new Chart(this.canvas.el, {
            type: "line",
            data: {
                labels,
                datasets: [
                    {
                        label: _t("Open"),
                        data,
                        borderColor: line,
                        backgroundColor: `color-mix(in srgb, ${line} 20%, transparent)`,
                        borderWidth: 3,
                        fill: true,
                        pointRadius: 0,
                        pointHitRadius: 12,
                        cubicInterpolationMode: "monotone",
                    },
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                locale: DateTime.now().locale,
                plugins: { legend: { display: false } },
                scales: {
                    x: {
                        grid: { display: false },
                        ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 24 },
                    },
                    y: {
                        beginAtZero: true,
                        grid: { color: style.getPropertyValue("--border-color") },
                        ticks: { ...ticks, precision: 0, maxTicksLimit: 5 },
                    },
                },
            },
        });
    }
}

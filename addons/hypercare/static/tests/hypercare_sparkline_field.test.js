import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { defineModels, fields, findComponent, models, mountView } from "@web/../tests/web_test_helpers";
import { HypercareSparklineField } from "@hypercare/fields/hypercare_sparkline/hypercare_sparkline_field";

const points = [
    { x: "2 Mar", y: 3 },
    { x: "3 Mar", y: 5 },
];

function chart(values) {
    return JSON.stringify([
        { key: "Open Tickets", values: [], limit: null, limit_label: "Limit", ...values },
    ]);
}

class Status extends models.Model {
    _name = "hypercare.indicator.status";

    chart = fields.Text();

    _records = [
        { id: 1, chart: chart({ values: points, limit: 4 }) },
        { id: 2, chart: chart({ values: points }) },
        { id: 3, chart: chart({ values: points.slice(0, 1), limit: 0 }) },
        { id: 4, chart: chart({}) },
    ];
}

defineMailModels();
defineModels([Status]);

async function mountChart(resId) {
    const view = await mountView({
        type: "form",
        resModel: "hypercare.indicator.status",
        resId,
        arch: `<form><field name="chart" widget="hypercare_sparkline" graph_type="line"/></form>`,
    });
    return findComponent(view, (component) => component instanceof HypercareSparklineField).chart;
}

test("the values, and the limit across", async () => {
    const { data } = await mountChart(1);
    expect(data.datasets).toHaveLength(2);
    expect(data.datasets[0].data.map(({ y }) => y)).toEqual([3, 5]);
    expect(data.datasets[1].data.map(({ y }) => y)).toEqual([4, 4]);
    expect(data.datasets[1].label).toBe("Limit");
    expect(data.labels).toEqual(["2 Mar", "3 Mar"]);
    expect("canvas").toHaveAttribute(
        "aria-label",
        "Open Tickets on 2 days: from 3 to 5, limit 4"
    );
});

test("no limit, no line", async () => {
    const { data } = await mountChart(2);
    expect(data.datasets).toHaveLength(1);
    expect("canvas").toHaveAttribute("aria-label", "Open Tickets on 2 days: from 3 to 5");
});

test("a limit of zero is one, and a single day is a point", async () => {
    const { data } = await mountChart(3);
    expect(data.datasets).toHaveLength(2);
    expect(data.datasets[0].pointRadius).toBe(3);
});

test("nothing yet", async () => {
    const { data } = await mountChart(4);
    expect(data.labels).toEqual([]);
    expect("canvas").toHaveAttribute("aria-label", "Open Tickets");
});

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";

/** Tells, before a policy is saved, how many open tickets would get another deadline. */
export class SlaPolicyFormController extends FormController {
    setup() {
        super.setup();
        this.dialogService = useService("dialog");
        this.orm = useService("orm");
    }

    /** @override */
    async onWillSaveRecord(record, changes) {
        if ((await super.onWillSaveRecord(...arguments)) === false) {
            return false;
        }
        const preview = await this.orm.call("helpdesk.sla", "preview_changes", [
            record.resId ? [record.resId] : [],
            changes,
        ]);
        return !preview.moved || this.confirmMove(preview);
    }

    confirmMove(preview) {
        return new Promise((resolve) => {
            this.dialogService.add(
                ConfirmationDialog,
                {
                    title: _t("Move deadlines?"),
                    body: this.getMoveText(preview),
                    confirmLabel: _t("Save"),
                    confirm: () => resolve(true),
                    cancelLabel: _t("Go back"),
                    cancel: () => resolve(false),
                },
                { onClose: () => resolve(false) }
            );
        });
    }

    getMoveText({ total, checked, moved, breached }) {
        const texts = [
            checked < total
                ? _t(
                      "Of the first %(checked)s of %(total)s open tickets that the policy concerns, %(moved)s get another deadline.",
                      { checked, total, moved }
                  )
                : _t(
                      "Of the %(total)s open tickets that the policy concerns, %(moved)s get another deadline.",
                      { total, moved }
                  ),
        ];
        if (breached) {
            texts.push(_t("%s of these deadlines would already be in the past.", breached));
        }
        texts.push(_t("Finished promises stay as they are."));
        return texts.join(" ");
    }
}

registry.category("views").add("helpdesk_sla_policy_form", {
    ...formView,
    Controller: SlaPolicyFormController,
});

"""Made-up patients that several tests look at."""

from __future__ import annotations

from typing import Any

#: a strained muscle after lifting, with the warning signs denied; without age and setting
PLAIN_STRAIN: dict[str, Any] = {
    "sex": "male",
    "present": [
        "improper_lifting",
        "pain_worse_with_movement",
        "relieved_by_rest",
        "paraspinal_tenderness",
        "muscle_spasm",
    ],
    "absent": [
        "fever",
        "weight_loss",
        "history_of_cancer",
        "significant_trauma",
        "saddle_anaesthesia",
        "motor_weakness",
    ],
    "measured": {"duration_days": 3},
}

"""Looking back: the patient's Story, the staff's caseload and timeline."""

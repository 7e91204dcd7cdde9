"""What an operator deploys: the compose file, the image's recipe, alerts, dashboards and the scripts they run."""
